/** The command line: `kura serve`, `kura config`, and what every command has in common. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { Command as Role } from '../assembly/refusals.ts'
import { messageOf } from '../files/permission.ts'
import { sayWhatIsAllowed } from './allowed.ts'
import { certCommand } from './cert.ts'
import { htpasswdCommand } from './htpasswd.ts'
import { restoreVariables } from './lost-variables.ts'
import { policyCommand } from './policy-command.ts'
import { tokenCommand } from './token-command.ts'
import { userCommand } from './user.ts'

const { version, description } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string; description: string }

const file = ['[config.yml]', 'the file to read; without it REGISTRY_CONFIGURATION_PATH'] as const

function createProgram(): Command {
  const program = new Command('kura')
    .description(description)
    .version(`kura ${version}`, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText(
      'after',
      '\nWithout a file and without REGISTRY_* variables, kura serves ./data on',
    )
    .addHelpText('after', '127.0.0.1:5000. `kura config.yml` is short for `kura serve config.yml`.')
    // So that -v of a command is its own.
    .enablePositionalOptions()
    .exitOverride()

  program
    .command('serve')
    .description('start the registry')
    .argument(...file)
    .option('--workers <count>', 'keep it apart from the gateway, in 1 to 64 processes', toCount)
    .action(async (path: string | undefined, { workers }: { workers?: number }) => {
      const { serve } = await import('./serve.ts')
      await serve({ command: 'serve', path, env: process.env, version, workers })
    })

  program
    .command('gateway')
    .description('start a gateway only, for workers on other machines')
    .argument(...file)
    .action(async (path?: string) => {
      const { serve } = await import('./serve.ts')
      await serve({ command: 'gateway', path, env: process.env, version })
    })

  program
    .command('worker')
    .description('start a registry only, for gateways on other machines')
    .argument(...file)
    .action(async (path?: string) => {
      const { serve } = await import('./serve.ts')
      await serve({ command: 'worker', path, env: process.env, version })
    })

  program
    .command('config')
    .description('print the configuration in force, and where each value comes from')
    .argument(...file)
    .addOption(
      new Option('--for <command>', 'what is to start with it')
        .choices(['serve', 'gateway', 'worker'])
        .default('serve'),
    )
    .action(async (path: string | undefined, { for: command }: { for: Role }) => {
      const { printConfig } = await import('./config.ts')
      const write = (text: string) => process.stdout.write(text)
      process.exitCode = await printConfig({ path, env: process.env, command, write })
    })

  program.addCommand(userCommand())
  program.addCommand(policyCommand())
  program.addCommand(tokenCommand())
  program.addCommand(certCommand())
  program.addCommand(htpasswdCommand())
  return sayWhatIsAllowed(program)
}

function toCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= 64) return count
  throw new InvalidArgumentError('It must be a whole number from 1 to 64.')
}

/** The old image took a bare file to serve, and none to serve with what the variables say. */
function withCommand([first, ...rest]: string[]): string[] {
  if (first === undefined) return ['serve']
  return /\.ya?ml$/.test(first) ? ['serve', first, ...rest] : [first, ...rest]
}

// Who pipes us into `head` has read enough; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

/** For a question with the answer no, 1 is taken. */
const mistake = process.argv[2] === 'policy' && process.argv[3] === 'check' ? 2 : 1

restoreVariables(process.env)
try {
  await createProgram().parseAsync(withCommand(process.argv.slice(2)), { from: 'user' })
} catch (error) {
  // Commander has already said what was wrong with the command line.
  if (error instanceof CommanderError) process.exitCode = error.exitCode && mistake
  else {
    const isOurFault = !(error instanceof Error) || error instanceof TypeError
    process.stderr.write(
      `kura: ${isOurFault ? String((error as Error)?.stack) : messageOf(error)}\n`,
    )
    process.exitCode = mistake
  }
}
