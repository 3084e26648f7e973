/** Which worker gets the next request, and what a gateway makes of the signs of life of each. */
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { close, listening } from '../../support/http-server.ts'
import { createTable } from './support/table.ts'

const tables: ReturnType<typeof createTable>[] = []
afterEach(() => {
  for (const table of tables.splice(0)) table.close()
})

/** Resolves once all of them are up. */
async function table(hosts: string[], times = {}) {
  const created = createTable(hosts, times)
  tables.push(created)
  await created.until(() => created.changes.length >= hosts.length)
  return created
}

const hostOf = ({ name }: { name: string }) => name.split(':')[0]

describe('of workers that are up', () => {
  it('those with nothing to do take turns', async () => {
    const { pick } = await table(['a', 'b', 'c'])
    const turns = []
    for (let turn = 0; turn < 6; turn++) turns.push(hostOf(await pick()))
    expect(turns.slice(0, 3).sort()).toEqual(['a', 'b', 'c'])
    expect(turns.slice(3)).toEqual(turns.slice(0, 3))
  })

  it('the one with the least to do is next, by what its requests weigh', async () => {
    const { pick } = await table(['a', 'b'])
    const heavy = await pick()
    const end = heavy.begin(5)
    const others = []
    for (let turn = 0; turn < 5; turn++) {
      const next = await pick()
      others.push(next.name)
      next.begin(1.1)
    }
    expect(others).not.toContain(heavy.name)
    expect((await pick()).name).toBe(heavy.name)
    end()
    expect((await pick()).name).toBe(heavy.name)
  })
})

describe('a worker', () => {
  it('that failed gets nothing until it gives a sign of life', async () => {
    const { pick, set, changes, until } = await table(['a', 'b'])
    const first = await pick()
    const host = hostOf(first) ?? ''
    set(host, 'refusing')
    first.failed()
    first.failed()
    for (let turn = 0; turn < 5; turn++) expect((await pick()).name).not.toBe(first.name)
    expect(changes.slice(2)).toEqual([`${host} down`])
    set(host, 'up')
    await until(() => changes.length === 4)
    expect(changes[3]).toBe(`${host} up`)
    expect([hostOf(await pick()), hostOf(await pick())]).toContain(host)
  })

  it('that never was there is reported once', async () => {
    const created = createTable([])
    tables.push(created)
    created.set('a', 'refusing')
    await created.looks(4)
    expect(created.changes).toEqual(['a down'])
  })

  it('that leaves gets nothing new, also once it refuses', async () => {
    const { pick, set, changes, until, looks } = await table(['a', 'b'])
    set('a', 'leaving')
    await until(() => changes.includes('a leaving'))
    set('a', 'refusing')
    await looks(4)
    for (let turn = 0; turn < 5; turn++) expect(hostOf(await pick())).toBe('b')
    expect(changes.slice(2)).toEqual(['a leaving'])
    set('a', 'up')
    await until(() => changes.length === 4)
  })

  const lasts = ['leaving', 'refusing', 'up'] as const
  it.each(lasts)('that was %s and comes back with another secret is named, once', async (last) => {
    const { pick, set, changes, until, looks } = await table(['a', 'b'])
    const seen = { leaving: 'a leaving', refusing: 'a down', up: 'a up' }[last]
    set('a', last)
    await until(() => changes.includes(seen))
    set('a', 'unfit')
    await until(() => changes.at(-1) === 'a down: it has another secret')
    const count = changes.length
    await looks(4)
    expect(changes).toHaveLength(count)
    for (let turn = 0; turn < 3; turn++) expect(hostOf(await pick())).toBe('b')
    set('a', 'up')
    await until(() => changes.at(-1) === 'a up')
  })

  it('that is the only one and has another secret is named to those who wait', async () => {
    const { pick, set, changes, until } = await table(['a'], { patience: 20 })
    set('a', 'unfit')
    await until(() => changes.length === 2)
    const failure = await pick().catch((error) => error)
    expect(String(failure.cause)).toContain('a:1 is down (it has another secret)')
  })

  it('whose address is gone is forgotten, and new when it comes again', async () => {
    const { pick, remove, set, changes, until } = await table(['a', 'b'])
    const [one, two] = [await pick(), await pick()]
    const old = hostOf(one) === 'a' ? one : two
    old.begin(5)
    remove('a')
    await until(() => changes.includes('a leaving'))
    for (let turn = 0; turn < 3; turn++) expect(hostOf(await pick())).toBe('b')
    set('a', 'up')
    await until(() => changes.at(-1) === 'a up')
    const again = await Promise.all([pick(), pick(), pick()])
    expect(again.map(hostOf)).toContain('a')
    expect(again).not.toContain(old)
  })

  it('that is stuck holds up no news of another', async () => {
    const { set, changes, until } = await table(['a'], { answer: 60_000 })
    set('a', 'silent')
    set('b', 'up')
    await until(() => changes.includes('b up'))
    set('b', 'refusing')
    await until(() => changes.includes('b down'))
  })
})

describe('while nobody can say who is there', () => {
  it('those that are known stay, and are looked at', async () => {
    const { pick, set, loseSight, changes, until } = await table(['a', 'b'])
    loseSight(new Error('no name server'))
    set('a', 'refusing')
    await until(() => changes.includes('a down'))
    expect(hostOf(await pick())).toBe('b')
    set('a', 'up')
    await until(() => changes.length === 4)
  })

  it('and nobody is known, the failure says so', async () => {
    const created = createTable([], { patience: 30 })
    tables.push(created)
    created.loseSight(new Error('no name server'))
    await expect(created.pick()).rejects.toMatchObject({
      reason: 'unavailable',
      cause: { message: expect.stringContaining('no name server') },
    })
  })
})

describe('a request that finds nobody', () => {
  it('waits, and gets the first that comes', async () => {
    const created = createTable([])
    tables.push(created)
    const picked = created.pick()
    created.set('a', 'up')
    expect(hostOf(await picked)).toBe('a')
  })

  it('is told who was there, and when to come back', async () => {
    const { pick, set } = await table(['a'], { patience: 50 })
    set('a', 'refusing')
    const worker = await pick()
    worker.failed()
    await expect(pick()).rejects.toMatchObject({
      reason: 'unavailable',
      headers: { 'Retry-After': '1' },
      cause: { message: expect.stringContaining('a:1 is down') },
    })
  })

  it('gives up at once when its client leaves', async () => {
    const created = createTable([], { patience: 60_000 })
    tables.push(created)
    const leaving = new AbortController()
    const picked = created.pick(leaving.signal)
    leaving.abort()
    await expect(picked).rejects.toMatchObject({ reason: 'unavailable' })
  })
})

describe('a connection to a worker', () => {
  /** An answer that is under way, on the agent of a worker that then gives these signs. */
  async function underWay(sign: 'silent' | 'refusing', before?: 'leaving') {
    const server = createServer((_, res) => void res.write('some'))
    await listening(server, { port: 0, host: '127.0.0.1' })
    const created = await table(['a'])
    const { agent } = await created.pick()
    const request = get({ port: (server.address() as AddressInfo).port, agent })
    request.on('error', () => {})
    const [response] = await once(request, 'response')
    const { promise: cut, resolve } = Promise.withResolvers<void>()
    response.on('error', () => {}).once('close', resolve)
    if (before) {
      created.set('a', before)
      await created.until(() => created.changes.includes('a leaving'))
    }
    created.set('a', sign)
    return { created, response, cut, close: () => close(server) }
  }

  it('is cut when the worker is stuck, so that nobody waits for it', async () => {
    const { cut, close: end } = await underWay('silent')
    await cut
    await end()
  })

  it.each([undefined, 'leaving'] as const)(
    'stays when a worker that is %p refuses',
    async (was) => {
      const { created, response, close: end } = await underWay('refusing', was)
      await created.looks(8)
      expect(response.destroyed).toBe(false)
      await end()
    },
  )
})
