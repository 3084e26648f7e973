/** The effect of SIGHUP on a supervisor and its processes, and the order in which they stop. */
import { text } from 'node:stream/consumers'
import { describe, expect, it } from '@jest/globals'
import { isListening, isReady, open, run } from './supervised.ts'

describe('SIGHUP', () => {
  it('replaces every process, the new one listening before the old one stops', async () => {
    const { child, fact, facts } = run({ processes: 2 })
    await fact(isReady)
    const before = facts.filter(isListening).map(({ pid }) => pid)
    child.kill('SIGHUP')
    await fact(({ msg }) => msg === 'reloaded')
    const after = facts.filter(isListening).map(({ pid }) => pid)
    expect(after).toHaveLength(4)
    expect(new Set(after).size).toBe(4)

    const stopped = [await fact((it) => it.stopped), await fact((it) => it.stopped)]
    expect(stopped.map((it) => it.stopped)).toEqual(before)
    const { port } = await fact(isListening)
    expect(before.map(String)).not.toContain(await text(await open(port, '/pid')))
  })

  it('lets a request end in the process that it began in, however long that takes', async () => {
    const { child, fact } = run({ drainMs: 1 })
    const { port, pid } = await fact(isListening)
    await fact(isReady)
    const response = await open(port, '/long')
    child.kill('SIGHUP')
    await fact(({ msg }) => msg === 'reloaded')
    expect(await text(response)).toBe('begun, ended')
    expect(await fact((it) => it.stopped)).toMatchObject({ stopped: pid })
  })

  it('changes nothing when what was read anew is wrong, and says why', async () => {
    const { child, fact, facts } = run({ failure: 'check' })
    const { port, pid } = await fact(isListening)
    await fact(isReady)
    child.kill('SIGHUP')
    const said = await fact(({ msg }) => msg?.startsWith('not reloaded'))
    expect(said).toMatchObject({ level: 'error', err: { message: 'the configuration is wrong' } })
    expect(await text(await open(port, '/pid'))).toBe(String(pid))
    expect(facts.filter(isListening)).toEqual([])
  })

  it('is followed by an orderly stop when that is asked for at the same time', async () => {
    const { child, fact, ended } = run({ processes: 2 })
    await fact(isReady)
    child.kill('SIGHUP')
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})

it('those that need others stop before them', async () => {
  const { child, fact, facts, ended } = run({ processes: 2, failure: 'roles' })
  await fact(isReady)
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  const order = facts.filter((it) => it.stopped).map(({ role }) => role)
  expect(order).toEqual(['front', 'front', 'back', 'back'])
})
