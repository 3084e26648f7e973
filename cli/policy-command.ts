/** `kura policy check` and `kura policy test`: trying policies out before anyone is held to them. */
import { Command, Option } from 'commander'
import { actions } from '../policies/engine/decision.ts'
import { checkPolicy, testPolicies } from './policy.ts'

const write = (text: string) => process.stdout.write(text)
const folder = ['<folder>', 'the folder with the policy files'] as const

type CheckOptions = {
  user?: string
  group: string[]
  action: string
  repository: string
  tag?: string
  from?: string
}

export function policyCommand(): Command {
  const command = new Command('policy').description('try out the policy files of a folder')

  command
    .command('check')
    // Its own mistakes have an exit code of their own, which only the caller can give.
    .exitOverride()
    .description(
      'say whether something is allowed, and by which rule; exit code 1 if not, 2 for a mistake',
    )
    .argument(...folder)
    .addOption(
      new Option('--action <action>', 'what is asked for').choices(actions).makeOptionMandatory(),
    )
    .requiredOption('--repository <name>', 'the repository, such as team/app')
    .option('--user <name>', 'who asks; without it, a stranger')
    .option('--group <name...>', 'groups the user is in, beside those of the files', [])
    .option('--tag <tag>', 'the tag, where the action is about one, such as v1')
    .option('--from <address>', 'the address of the client, such as 192.0.2.7 or 2001:db8::1')
    .action(async (path: string, { group, ...options }: CheckOptions) => {
      process.exitCode = await checkPolicy({ folder: path, groups: group, ...options, write })
    })

  command
    .command('test')
    .description('run the tests inside the files; exit code 1 if one fails')
    .argument(...folder)
    .action(async (path: string) => {
      process.exitCode = await testPolicies({ folder: path, write })
    })

  return command
}
