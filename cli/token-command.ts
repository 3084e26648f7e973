/** `kura token create|list|revoke`: the command line of tokens for robots and of people's sessions. */
import { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { createLog } from '../gateway/log/log.ts'
import { type CreateTokenOptions, createToken, revokeToken } from './token.ts'
import { endTokensOf } from './token-end.ts'
import { listTokens } from './token-list.ts'
import { openKeptTokens } from './token-open.ts'

const write = (text: string) => process.stdout.write(text)
const note = (text: string) => process.stderr.write(text)
const configOption = ['--config <path>', 'the configuration of the server'] as const

type WithConfig = { config?: string }

export function tokenCommand(): Command {
  const command = new Command('token').description(
    'access tokens for robots, and sessions of people',
  )

  command
    .command('create')
    .description('make a token and print it, once')
    .requiredOption('--name <name>', 'what the robot is called; policies call it user:robot:<name>')
    .requiredOption('--actions <list>', 'what it may do at most, such as pull,push')
    .requiredOption('--repositories <list>', "where it may do that, such as 'team/**'")
    .option('--expires <time>', '90d, 12h or never', '90d')
    .option(...configOption)
    .action(async ({ config, ...options }: CreateTokenOptions & WithConfig) => {
      await createToken(await open(config), options, { write, note })
    })

  command
    .command('list')
    .description('list the tokens of robots, and the sessions of people, that are in force')
    .option(...configOption)
    .action(async ({ config }: WithConfig) => listTokens(await open(config), { write }))

  command
    .command('revoke')
    .description('end the token of a robot, or all that a user has been given')
    .argument('[name]', 'the name of the robot')
    .option('--user <name>', 'the user whose sessions and tokens end; the password stays')
    .option(...configOption)
    .action(async (name: string | undefined, { config, user }: WithConfig & { user?: string }) => {
      if ((name === undefined) === (user === undefined)) {
        throw new Error('either the name of a robot or --user with that of a user is needed')
      }
      const tokens = await open(config)
      if (name !== undefined) await revokeToken(tokens, name)
      if (user !== undefined) await endTokensOf(tokens, user, { note })
    })

  return command
}

async function open(path: string | undefined) {
  const { config } = await loadConfig({ ...(path && { path }), env: process.env })
  return openKeptTokens(config, createLog(config.log))
}
