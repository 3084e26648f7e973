import { describe, expect, it } from '@jest/globals'
import {
  createPasswordLine,
  type Standing,
} from '../../../../gateway/access/passwords/password-line.ts'
import type { Source } from '../../../../gateway/access/passwords/password-queues.ts'

type Options = Partial<Parameters<typeof createPasswordLine>[0]>

/** A line whose turns are held until all have come; `order` is who got them. */
function setUp(options: Options = {}) {
  const order: string[] = []
  const line = createPasswordLine({ standingOf: () => 'new', ...options })
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const first = line.run({ network: 'none', user: 'first' }, () => gate)
  const ends: Promise<string>[] = []
  return {
    order,
    come(network: string, user = 'ann', count = 1) {
      for (let n = 0; n < count; n += 1) {
        const end = line.run({ network, user }, async () => void order.push(`${network} ${user}`))
        ends.push(
          end.then(
            () => 'served',
            (error: Error) => error.message,
          ),
        )
      }
    },
    async serve() {
      open()
      await first
      return Promise.all(ends)
    },
  }
}

describe('the line', () => {
  it('gives each network its turn, and each user in it', async () => {
    const { come, serve, order } = setUp()
    come('a', 'ann', 3)
    come('a', 'bob')
    come('b', 'cat', 2)
    await serve()
    expect(order).toEqual(['a ann', 'b cat', 'a bob', 'b cat', 'a ann', 'a ann'])
  })

  it('serves those who were right before, newcomers, and those who failed, in turn', async () => {
    const standings: Record<string, Standing> = { good: 'known', bad: 'failed' }
    const standingOf = ({ network }: Source) => standings[network] ?? 'new'
    const { come, serve, order } = setUp({ standingOf })
    come('bad', 'a', 3)
    come('other', 'b', 2)
    come('good', 'c', 3)
    await serve()
    // The one that was there first was new.
    const networks = order.map((it) => it.split(' ')[0])
    expect(networks.slice(0, 6).toSorted()).toEqual([
      'bad',
      'bad',
      'good',
      'good',
      'other',
      'other',
    ])
    expect(networks.slice(6).toSorted()).toEqual(['bad', 'good'])
  })

  it('serves a newcomer next, as soon as the flood before it has failed', async () => {
    const failed = new Set<string>()
    const standingOf = ({ network }: Source) => (failed.has(network) ? 'failed' : 'new')
    const { come, serve, order } = setUp({ standingOf })
    for (let n = 0; n < 90; n += 1) {
      failed.add(`flood${n}`)
      come(`flood${n}`, 'ann', 4)
    }
    for (let n = 0; n < 8; n += 1) come('office', `user${n}`)
    await serve()
    const places = order.flatMap((it, at) => (it.startsWith('office') ? [at] : []))
    expect(places).toHaveLength(8)
    expect(places.at(-1)).toBeLessThan(24)
  })

  it('makes room for a network that has less of it than another', async () => {
    const { come, serve } = setUp({ mostWaiting: 6 })
    come('flood', 'ann', 8)
    come('office', 'bob', 2)
    const ends = await serve()
    expect(ends.slice(8)).toEqual(['served', 'served'])
    expect(ends.slice(0, 8).filter((it) => it === 'served')).toHaveLength(4)
    expect(ends).toContain('too many logins at once')
  })

  it('makes room within a network for a user who has less of it', async () => {
    const { come, serve } = setUp({ mostOfNetwork: 4 })
    come('proxy', 'ann', 6)
    come('proxy', 'bob')
    const ends = await serve()
    expect(ends[6]).toBe('served')
    expect(ends.filter((it) => it === 'served')).toHaveLength(4)
  })

  it('turns away who has as much of it as any', async () => {
    const { come, serve } = setUp({ mostWaiting: 3 })
    for (const network of ['a', 'b', 'c', 'd']) come(network)
    expect((await serve()).slice(3)).toEqual(['too many logins at once'])
  })
})
