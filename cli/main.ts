/** The command line: `kura serve`, `kura config`, and what every command has in common. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { installed } from '../assembly/installed.ts'
import { ownName } from '../assembly/messages/own-name.ts'
import { restoreVariables } from '../config/variables/lost.ts'
import { messageOf } from '../files/permission.ts'
import { certCommand } from './cert.ts'
import { configCommand } from './config.ts'
import { copyCommands } from './copy.ts'
import { htpasswdCommand } from './htpasswd.ts'
import { policyCommand } from './policy.ts'
import { serveCommands } from './serve.ts'
import { syncCommand } from './sync.ts'
import { tokenCommand } from './token.ts'
import { userCommand } from './user.ts'

const { version, description } = JSON.parse(
  readFileSync(join(installed, 'package.json'), 'utf8'),
) as { version: string; description: string }

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

  for (const command of [...serveCommands(version), configCommand()]) {
    program.addCommand(command.copyInheritedSettings(program))
  }
  program.addCommand(userCommand())
  program.addCommand(policyCommand())
  program.addCommand(tokenCommand())
  program.addCommand(certCommand())
  program.addCommand(htpasswdCommand())
  for (const command of copyCommands(version)) program.addCommand(command)
  program.addCommand(syncCommand(version))
  return sayWhatIsAllowed(program)
}

/** Adds to the error of a wrong command line which commands there are, or where to find help. */
export function sayWhatIsAllowed(command: Command, path = ownName()): Command {
  const names = command.commands.map((it) => it.name())
  const list = names.length > 0 ? `the commands are ${names.join(', ')}; ` : ''
  command.showHelpAfterError(`(${list}${path} --help says more)`)
  for (const below of command.commands) sayWhatIsAllowed(below, `${path} ${below.name()}`)
  return command
}

/** The old image took a bare file to serve, and none to serve with what the variables say. */
function withCommand([first, ...rest]: string[]): string[] {
  if (first === undefined) return ['serve']
  return /\.ya?ml$/.test(first) ? ['serve', first, ...rest] : [first, ...rest]
}

// `kura … | head` closes the pipe when it has read enough; that is no failure.
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
