/**
 * `kura policy check` asks the files of a folder one question and names the rule that answers it;
 * `kura policy test` runs the tests in them. Both answer the exit code.
 */
import { Command, Option } from 'commander'
import { ownName, quoted } from '../assembly/messages/own-name.ts'
import { findIpAddress } from '../network/range.ts'
import { type Action, actions, type Question } from '../policies/engine/decision.ts'
import { checkSources, readPolicyFolder } from '../policies/engine/load.ts'
import { PolicyError } from '../policies/engine/problems.ts'
import { questionText } from '../policies/engine/tests.ts'
import { parseAnyRepository, parseTag } from '../registry/protocol/name.ts'

const write = (text: string) => process.stdout.write(text)
const folder = ['<folder>', 'the folder with the policy files'] as const

type CheckArguments = {
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
      new Option('--action <action>', 'the action to decide on')
        .choices(actions)
        .makeOptionMandatory(),
    )
    .requiredOption('--repository <name>', 'the repository, such as team/app')
    .option('--user <name>', 'the user who asks; without it, a stranger')
    .option('--group <name...>', 'groups the user is in, beside those of the files', [])
    .option('--tag <tag>', 'the tag, where the action is about one, such as v1')
    .option('--from <address>', 'the address of the client, such as 192.0.2.7 or 2001:db8::1')
    .action(async (path: string, { group, ...options }: CheckArguments) => {
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

type Write = (text: string) => void

type CheckOptions = {
  folder: string
  /** Someone not signed in when left out. */
  user?: string | undefined
  /** Those that a login would bring, beside those of the files. */
  groups?: readonly string[] | undefined
  action: string
  repository: string
  tag?: string | undefined
  from?: string | undefined
  write: Write
}

/** 0 when allowed, 1 when denied. */
export async function checkPolicy({ folder, write, ...options }: CheckOptions): Promise<number> {
  const { question, asked } = readQuestion(options)
  const { policy, failures } = checkSources(await readPolicyFolder(folder))
  const { allowed, because } = policy(question)
  write(`${allowed ? 'allowed' : 'denied'}: ${asked}\n  ${because}\n`)
  if (failures.length > 0) {
    write(
      `${quantity(failures.length, 'test')} in these files failed: ${ownName()} policy test ${quoted(folder)}\n`,
    )
  }
  return allowed ? 0 : 1
}

/** As rules write them: `user:robot:ci` is the user `robot:ci`. */
const bareUser = (user: string | undefined) => user?.replace(/^user:/, '')
const bareGroup = (group: string) => group.replace(/^group:/, '')

function readQuestion({
  user: writtenUser,
  groups: writtenGroups,
  action,
  repository,
  tag,
  from,
}: Omit<CheckOptions, 'folder' | 'write'>) {
  const user = bareUser(writtenUser)
  const groups = writtenGroups?.map(bareGroup)
  if (user === '' || user === '*' || user === 'anonymous' || user === 'authenticated') {
    throw new Error(`--user ${writtenUser} is no user: leave it out for someone not signed in`)
  }
  if (!isAction(action)) throw new Error(`${action} is no action; there are ${actions.join(', ')}`)
  if (from !== undefined && !findIpAddress(from))
    throw new Error(`${from} is no address: it is one such as 192.0.2.7 or 2001:db8::1`)
  if (groups?.length && user === undefined) throw new Error('someone in groups has a name; give it')

  const question: Question = {
    name: user,
    groups: groups ?? [],
    action,
    repository: parseAs('repository', repository, parseAnyRepository),
    tag: tag === undefined ? undefined : parseAs('tag', tag, parseTag),
    address: from,
  }
  const asked = questionText({ user, groups: [...question.groups], action, repository, tag, from })
  return { question, asked }
}

const isAction = (text: string): text is Action => (actions as readonly string[]).includes(text)

const allowed = {
  repository:
    'it has parts of a-z, 0-9 and single . _ - between them, with slashes in between, such as team/app',
  tag: 'it has up to 128 letters, digits, _ . and -, and begins with none of the last two, such as v1.2',
}

function parseAs<T>(what: keyof typeof allowed, text: string, parse: (text: string) => T): T {
  try {
    return parse(text)
  } catch (cause) {
    throw new Error(`${JSON.stringify(text)} is no name of a ${what}: ${allowed[what]}`, { cause })
  }
}

/** 0 when the files can be used as they are. */
export async function testPolicies({
  folder,
  write,
}: {
  folder: string
  write: Write
}): Promise<number> {
  try {
    const { counts, failures, doubts } = checkSources(await readPolicyFolder(folder))
    for (const doubt of doubts) write(`${doubt}\n`)
    for (const failure of failures) write(`${failure}\n`)
    const { files, groups, rules, tests } = counts
    const read = [quantity(files, 'file'), quantity(groups, 'group'), quantity(rules, 'rule')]
    write(`${read.join(', ')}; ${tests - failures.length} of ${quantity(tests, 'test')} passed\n`)
    return failures.length === 0 ? 0 : 1
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause
    for (const problem of cause.problems) write(`${problem}\n`)
    write(`${quantity(cause.problems.length, 'problem')}; no test was run\n`)
    return 1
  }
}

const quantity = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`
