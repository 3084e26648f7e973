import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { pino } from 'pino'
import { watchPolicies } from '../../gateway/access/policy-files.ts'
import { useCleanup } from '../support/cleanup.ts'

const cleanup = useCleanup()

const pulling = (who: string) =>
  `rules: [{ name: pulling, who: ["${who}"], repositories: ["**"], actions: [pull] }]`

/** A log whose lines can be read and waited for. */
function openLog() {
  const lines: { level: number; msg: string; problems?: string[] }[] = []
  const output = new Writable({
    write(line, _, done) {
      lines.push(JSON.parse(String(line)))
      output.emit('line')
      done()
    },
  })
  return {
    log: pino(output),
    lines,
    errors: () => lines.filter(({ level }) => level >= 50),
    async until(count: number) {
      while (lines.length < count) await once(output, 'line')
    },
  }
}

const never = 1_000_000

async function open(files: Record<string, string>, interval = never) {
  const folder = await cleanup.folder()
  const write = (name: string, text: string) => writeFile(join(folder, name), text)
  for (const [name, text] of Object.entries(files)) await write(name, text)

  const log = openLog()
  const policies = await watchPolicies({ folder, log: log.log, interval, settleMs: 1 })
  cleanup.add(() => policies.close())
  const mayPull = (name?: string) =>
    policies.policy()({ name, groups: [], action: 'pull', repository: 'a' }).allowed
  return { folder, write, policies, mayPull, ...log }
}

describe('at the start', () => {
  it('the policies are in force and counted', async () => {
    const { mayPull, lines } = await open({ 'a.yaml': pulling('ann') })
    expect([mayPull('ann'), mayPull('bob'), mayPull()]).toEqual([true, false, false])
    expect(lines).toEqual([
      expect.objectContaining({ level: 30, files: 1, groups: 0, rules: 1, tests: 0 }),
    ])
  })

  const refused: [what: string, files: Record<string, string>, message: string][] = [
    ['an empty folder', {}, 'there is no *.yaml in this folder'],
    ['a file that is not valid', { 'a.yaml': 'rule: []' }, 'a.yaml:1:1: rule is no key known here'],
    [
      'a test that fails',
      { 'a.yaml': `${pulling('ann')}\ntests: [{ action: pull, repository: a, expect: allow }]` },
      'expects allow and got deny',
    ],
  ]
  it.each(refused)('%s is refused', async (_, files, message) => {
    await expect(open(files)).rejects.toThrow(message)
  })

  it('a missing folder is refused', async () => {
    const folder = join(await cleanup.folder(), 'nowhere')
    const opening = watchPolicies({ folder, log: openLog().log })
    await expect(opening).rejects.toThrow(`${folder}: there is no such folder`)
  })
})

describe('an edit', () => {
  it('is in force when the reload has ended', async () => {
    const { write, policies, mayPull, lines } = await open({ 'a.yaml': pulling('ann') })
    await write('a.yaml', pulling('bob'))
    await policies.reload()
    expect([mayPull('ann'), mayPull('bob')]).toEqual([false, true])
    expect(lines.at(-1)).toMatchObject({ level: 30, rules: 1 })
  })

  it('is in force also when a check was already running, however far it had come', async () => {
    const { folder, policies, mayPull } = await open({ 'a.yaml': pulling('nobody') })
    for (let turns = 0; turns < 30; turns += 1) {
      const early = policies.reload()
      for (let turn = 0; turn < turns; turn += 1) await setImmediate()
      // At once, so that the check that runs goes on from where it was.
      writeFileSync(join(folder, 'a.yaml'), pulling(`user-${turns}`))
      await Promise.race([policies.reload(), policies.reload()])
      expect(mayPull(`user-${turns}`)).toBe(true)
      await early
    }
  })

  it('is found without being told', async () => {
    const { write, mayPull, until, lines } = await open({ 'a.yaml': pulling('ann') }, 5)
    await write('a.yaml', pulling('bob'))
    await until(2)
    // The file may have been seen before it was whole.
    if (lines.at(-1)?.level !== 30) await until(3)
    expect(mayPull('bob')).toBe(true)
  })

  it('that cannot be used changes nothing and is told once, with every problem', async () => {
    const { write, policies, mayPull, errors } = await open({ 'a.yaml': pulling('ann') })
    await write('b.yaml', 'rules: []\ngroup: {}\n')
    for (let count = 0; count < 3; count += 1) await policies.reload()
    expect(mayPull('ann')).toBe(true)
    expect(errors()).toHaveLength(1)
    expect(errors()[0]?.problems).toEqual([
      expect.stringContaining('b.yaml:1:8: rules must not be an empty list'),
      expect.stringContaining('b.yaml:2:1: group is no key known here'),
    ])

    await write('b.yaml', 'rules: [')
    await policies.reload()
    expect(errors()).toHaveLength(2)
    expect(mayPull('ann')).toBe(true)
  })

  it('that takes a bad one back is told as well', async () => {
    const { write, policies, mayPull, lines } = await open({ 'a.yaml': pulling('ann') })
    await write('a.yaml', '')
    await policies.reload()
    await write('a.yaml', pulling('ann'))
    await policies.reload()
    expect(lines.map(({ level }) => level)).toEqual([30, 50, 30])
    expect(mayPull('ann')).toBe(true)
  })

  it('that takes all files away changes nothing', async () => {
    const { folder, policies, mayPull, errors } = await open({ 'a.yaml': pulling('ann') })
    await rm(folder, { recursive: true })
    await policies.reload()
    await policies.reload()
    expect(mayPull('ann')).toBe(true)
    expect(errors()).toHaveLength(1)
  })

  it('that changes nothing is not told', async () => {
    const { write, policies, lines } = await open({ 'a.yaml': pulling('ann') })
    await write('a.yaml', pulling('ann'))
    await policies.reload()
    expect(lines).toHaveLength(1)
  })
})

it('a folder of links that are turned to another place, as in a mounted config map', async () => {
  const folder = await cleanup.folder()
  for (const [version, who] of [
    ['..1', 'ann'],
    ['..2', 'bob'],
  ] as const) {
    await mkdir(join(folder, version))
    await writeFile(join(folder, version, 'a.yaml'), pulling(who))
  }
  await symlink('..1', join(folder, '..data'))
  await symlink('..data/a.yaml', join(folder, 'a.yaml'))

  const { log } = openLog()
  const policies = await watchPolicies({ folder, log, interval: never })
  cleanup.add(() => policies.close())
  const mayPull = (name: string) =>
    policies.policy()({ name, groups: [], action: 'pull', repository: 'a' }).allowed
  expect(mayPull('ann')).toBe(true)

  await symlink('..2', join(folder, '..data_tmp'))
  await rename(join(folder, '..data_tmp'), join(folder, '..data'))
  await policies.reload()
  expect([mayPull('ann'), mayPull('bob')]).toEqual([false, true])
})

it('a decision in hand is not changed by an edit', async () => {
  const { write, policies } = await open({ 'a.yaml': pulling('ann') })
  const before = policies.policy()
  await write('a.yaml', pulling('bob'))
  await policies.reload()
  const question = { name: 'ann', groups: [], action: 'pull', repository: 'a' }
  expect([before(question).allowed, policies.policy()(question).allowed]).toEqual([true, false])
})
