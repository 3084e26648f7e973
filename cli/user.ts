/** `kura user add|passwd|remove|list`: the users of the htpasswd file. */
import { Command, InvalidArgumentError } from 'commander'
import { addUser, listUsers, removeUser, setPassword } from '../assembly/accounts/accounts.ts'
import { readPassword } from '../assembly/accounts/read-password.ts'
import { findUserFile } from '../assembly/accounts/user-file.ts'
import { defaultCost, highestUsefulCost } from '../gateway/access/passwords/bcrypt-limits.ts'

type Write = (text: string) => void
type Options = { file?: string; config?: string; cost?: number }

export function userCommand(): Command {
  const command = new Command('user')
    .description('add, change, remove and list the users of the htpasswd file')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride()
  const write: Write = (text) => process.stdout.write(text)
  const prompt: Write = (text) => process.stderr.write(text)

  const subcommand = (name: string, description: string) =>
    command
      .command(name)
      .description(description)
      .option('--file <path>', 'the htpasswd file; without it auth.htpasswd.path')
      .option('--config <path>', 'the configuration; without it REGISTRY_CONFIGURATION_PATH')

  for (const [name, description, change] of [
    ['add <name>', 'add a user; the password is asked for, or read from stdin', addUser],
    ['passwd <name>', "change a user's password", setPassword],
  ] as const) {
    subcommand(name, description)
      .option(
        '--cost <number>',
        `the cost of the bcrypt hash, from ${defaultCost} to ${highestUsefulCost}`,
        parseCost,
        defaultCost,
      )
      .action(async (name: string, { cost, ...options }: Options) => {
        const file = await findUserFile(options)
        const password = await readPassword({ input: process.stdin, prompt })
        await change({ file, name, password, write, ...(cost && { cost }) })
      })
  }
  subcommand('remove <name>', 'remove a user').action(async (name: string, options: Options) => {
    await removeUser({ file: await findUserFile(options), name, write })
  })
  subcommand('list', 'list the users').action(async (options: Options) => {
    await listUsers({ file: await findUserFile(options), write })
  })
  return command
}

function parseCost(text: string): number {
  const cost = Number(text)
  if (Number.isInteger(cost) && cost >= defaultCost && cost <= highestUsefulCost) return cost
  throw new InvalidArgumentError(`it is a number from ${defaultCost} to ${highestUsefulCost}.`)
}
