/** `kura token create|list|revoke`: the command line of tokens for robots. */
import { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { createLog } from '../gateway/http/log.ts'
import { openRobotsOf } from './access-tokens.ts'
import { type CreateTokenOptions, createToken, listTokens, revokeToken } from './token.ts'

const write = (text: string) => process.stdout.write(text)
const note = (text: string) => process.stderr.write(text)
const configOption = ['--config <path>', 'the configuration of the server'] as const

type WithConfig = { config?: string }

export function tokenCommand(): Command {
  const command = new Command('token').description('access tokens for robots')

  command
    .command('create')
    .description('make a token and print it, once')
    .requiredOption('--name <name>', 'what the robot is called; policies call it user:robot:<name>')
    .requiredOption('--actions <list>', 'what it may do at most, such as pull,push')
    .requiredOption('--repositories <list>', "where it may do that, such as 'team/**'")
    .option('--expires <time>', '90d, 12h or never', '90d')
    .option(...configOption)
    .action(async ({ config, ...options }: CreateTokenOptions & WithConfig) => {
      await createToken(await robotsOf(config), options, { write, note })
    })

  command
    .command('list')
    .description('list the tokens that are in force')
    .option(...configOption)
    .action(async ({ config }: WithConfig) => listTokens(await robotsOf(config), { write }))

  command
    .command('revoke')
    .description('end a token at once')
    .argument('<name>', 'the name of the robot')
    .option(...configOption)
    .action(async (name: string, { config }: WithConfig) => {
      await revokeToken(await robotsOf(config), name)
    })

  return command
}

async function robotsOf(path: string | undefined) {
  const { config } = await loadConfig({ ...(path && { path }), env: process.env })
  return openRobotsOf(config, createLog(config.log))
}
