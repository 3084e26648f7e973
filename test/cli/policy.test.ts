import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { checkPolicy, testPolicies } from '../../cli/policy.ts'
import { useCleanup } from '../support/cleanup.ts'
import { runKura } from '../support/kura.ts'

const cleanup = useCleanup()

const teams = `groups: { ops: [] }
rules:
  - { name: ann owns it, who: [ann], repositories: ["team/**"], actions: [pull, push, delete] }
  - { name: ops look in, who: ["group:ops"], repositories: ["**"], actions: [pull], from: [10.0.0.0/8] }
  - { name: releases stay, effect: deny, who: ["*"], repositories: ["**"], tags: ["v*"], actions: [delete] }
tests:
  - { user: ann, action: push, repository: team/app, expect: allow }
  - { user: ann, action: delete, repository: team/app, tag: v1, expect: deny }
`

async function folderWith(text: string) {
  const folder = await cleanup.folder()
  await writeFile(join(folder, 'a.yaml'), text)
  return { folder, file: join(folder, 'a.yaml') }
}

function capture() {
  let text = ''
  const write = (more: string) => {
    text += more
  }
  return { write, text: () => text }
}

type Question = Omit<Parameters<typeof checkPolicy>[0], 'folder' | 'write'>

const on = (repository: string, action: string, more: Partial<Question> = {}): Question => ({
  repository,
  action,
  ...more,
})

describe('kura policy check', () => {
  const rows: [question: Question, code: number, printed: string][] = [
    [
      on('team/app', 'push', { user: 'ann' }),
      0,
      'allowed: ann, push team/app\n  "ann owns it" (FILE:3) allows it\n',
    ],
    [
      on('team/app', 'delete', { user: 'ann', tag: 'v1' }),
      1,
      'denied: ann, delete team/app:v1\n  "releases stay" (FILE:5) denies it\n',
    ],
    [
      on('team/app', 'push', { user: 'user:ann', groups: ['group:ops'] }),
      0,
      'allowed: ann [ops], push team/app\n  "ann owns it" (FILE:3) allows it\n',
    ],
    [on('team/app', 'pull'), 1, 'denied: anonymous, pull team/app\n  no rule allows it\n'],
    [
      on('team/app', 'pull', { user: 'bob', groups: ['ops'], from: '10.1.1.1' }),
      0,
      'allowed: bob [ops], pull team/app from 10.1.1.1\n  "ops look in" (FILE:4) allows it\n',
    ],
  ]
  it.each(rows)('%j answers %i', async (question, code, printed) => {
    const { folder, file } = await folderWith(teams)
    const { write, text } = capture()
    expect(await checkPolicy({ ...question, folder, write })).toBe(code)
    expect(text()).toBe(printed.replace('FILE', file))
  })

  const refused: [question: Question, message: string][] = [
    [on('team/app', 'look'), 'look is no action; there are pull, push, overwrite, delete, list'],
    [on('Team', 'pull'), '"Team" is no name of a repository'],
    [on('team', 'pull', { tag: '-' }), '"-" is no name of a tag'],
    [on('team', 'pull', { from: '10.0.0.0/8' }), '10.0.0.0/8 is no address'],
    [on('team', 'pull', { user: 'anonymous' }), 'leave it out for someone not signed in'],
    [on('team', 'pull', { groups: ['ops'] }), 'someone in groups has a name; give it'],
  ]
  it.each(refused)('%j is refused', async (question, message) => {
    const { folder } = await folderWith(teams)
    const { write } = capture()
    await expect(checkPolicy({ ...question, folder, write })).rejects.toThrow(message)
  })

  it('answers in spite of tests that fail, and says so', async () => {
    const { folder } = await folderWith(teams.replace('expect: allow', 'expect: deny'))
    const { write, text } = capture()
    const question = on('team/app', 'push', { user: 'ann' })
    expect(await checkPolicy({ ...question, folder, write })).toBe(0)
    expect(text()).toMatch(
      new RegExp(`1 test in these files failed: \\S*kura policy test ${folder}\n`),
    )
  })

  it('has nothing to say about files that are not valid', async () => {
    const { folder, file } = await folderWith('rules: []')
    const asked = checkPolicy({ ...on('team', 'pull'), folder, write: capture().write })
    await expect(asked).rejects.toThrow(`the policies cannot be used:\n  ${file}:1:8: rules must`)
  })
})

it.each([
  [1, ['--action', 'pull', '--repository', 'a', '--user', 'user:eve']],
  [2, ['--action', 'psuh', '--repository', 'a']],
  [2, ['--action', 'pull']],
  [2, ['--action', 'pull', '--repository', 'A']],
])('kura policy check ends with %i for %j', async (code, args) => {
  const { folder } = await folderWith(teams)
  expect((await runKura(['policy', 'check', folder, ...args])).code).toBe(code)
})

describe('kura policy test', () => {
  const rows: [what: string, text: string, code: number, printed: string][] = [
    ['passes', teams, 0, '1 file, 1 group, 3 rules; 2 of 2 tests passed\n'],
    [
      'fails',
      teams.replace('expect: allow', 'expect: deny'),
      1,
      'FILE:7:5: the test ann, push team/app expects deny and got allow: "ann owns it" (FILE:3) allows it\n1 file, 1 group, 3 rules; 1 of 2 tests passed\n',
    ],
    [
      'passes with a doubt',
      'rules: [{ name: a, who: [ann], repositories: [app], actions: [pull], tags: [v1] }]',
      0,
      'FILE:1:76: rules[0].tags do not let anyone pull an image: its layers have no tag. Leave tags out here, and deny the other tags in another rule\n1 file, 0 groups, 1 rule; 0 of 0 tests passed\n',
    ],
    [
      'finds problems',
      'rules: []',
      1,
      'FILE:1:8: rules must not be an empty list; name rules, or leave the key out if it is optional\n1 problem; no test was run\n',
    ],
  ]
  it.each(rows)('%s', async (_, written, code, printed) => {
    const { folder, file } = await folderWith(written)
    const { write, text } = capture()
    expect(await testPolicies({ folder, write })).toBe(code)
    expect(text()).toBe(printed.replaceAll('FILE', file))
  })
})
