/** The number of things under way, the order of their answers, and the effect of a failure. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { fewAtOnce } from '../../../registry/pace/few-at-once.ts'

/** Work that ends when the test says so. */
function openWork() {
  const ends = new Map<number, PromiseWithResolvers<string>>()
  const begun: number[] = []
  const running = new Set<number>()
  const work = async (item: number) => {
    begun.push(item)
    running.add(item)
    const end = Promise.withResolvers<string>()
    ends.set(item, end)
    return end.promise.finally(() => running.delete(item))
  }
  const end = (item: number) => ends.get(item)?.resolve(`answer ${item}`)
  const fail = (item: number, reason: Error) => ends.get(item)?.reject(reason)
  return { work, begun, running, end, fail }
}

/** Everything has happened that can happen before another piece of work ends. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('work on many things, a few at a time', () => {
  it('answers in the order of the things, whichever ends first', async () => {
    const asked = fc.tuple(
      fc.array(fc.nat({ max: 5 }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
    )
    await fc.assert(
      fc.asyncProperty(asked, async ([turns, most, isAsync]) => {
        let [running, mostRunning] = [0, 0]
        const items = [...turns.entries()]
        const work = async ([index, count]: [number, number]) => {
          mostRunning = Math.max(mostRunning, ++running)
          for (let turn = 0; turn < count; turn++) await settled()
          running -= 1
          return index
        }
        const source = isAsync
          ? (async function* () {
              yield* items
            })()
          : items
        const found = await Array.fromAsync(fewAtOnce(source, work, most))
        expect(found).toEqual(items.map((item, index) => [item, index]))
        expect(mostRunning).toBeLessThanOrEqual(most)
      }),
      { numRuns: 50 },
    )
  })

  it('goes on beside a piece that takes long, until too many answers wait for it', async () => {
    const { work, begun, end } = openWork()
    const answers = Array.fromAsync(fewAtOnce(upTo(20), work, 3))
    await settled()
    expect(begun).toEqual([0, 1, 2])
    for (let item = 1; item < 20; item++) {
      end(item)
      await settled()
    }
    expect(begun).toEqual([0, 1, 2, 3, 4, 5])
    end(0)
    for (let item = 6; item < 20; item++) {
      await settled()
      end(item)
    }
    expect((await answers).map(([, answer]) => answer)).toEqual(
      upTo(20).map((it) => `answer ${it}`),
    )
  })

  it('asks for no thing before there is room for it but one', async () => {
    const { work, end } = openWork()
    const taken: number[] = []
    async function* items() {
      for (const item of upTo(6)) {
        taken.push(item)
        yield item
      }
    }
    const answers = Array.fromAsync(fewAtOnce(items(), work, 2))
    await settled()
    expect(taken).toEqual([0, 1, 2])
    for (const item of upTo(6)) {
      end(item)
      await settled()
    }
    expect(await answers).toHaveLength(6)
  })

  it('begins nothing after a failure, and ends with nothing under way', async () => {
    const { work, begun, running, end, fail } = openWork()
    const answers = Array.fromAsync(fewAtOnce(upTo(20), work, 3))
    const ended = expect(answers).rejects.toThrow('the first failure')
    await settled()
    fail(1, new Error('the first failure'))
    await settled()
    expect(begun).toEqual([0, 1, 2])
    end(0)
    await settled()
    expect(running).toEqual(new Set([2]))
    let isOver = false
    answers
      .catch(() => {})
      .then(() => {
        isOver = true
      })
    await settled()
    expect(isOver).toBe(false)
    fail(2, new Error('a later failure'))
    await ended
  })

  it('ends with nothing under way where its source fails, or its caller stops', async () => {
    for (const fails of [true, false]) {
      const { work, running, end } = openWork()
      async function* items() {
        yield* [0, 1]
        if (fails) throw new Error('the source failed')
        yield 2
      }
      const take = async () => {
        for await (const _ of fewAtOnce(items(), work, 2)) return
      }
      const taken = take().then(
        () => running.size,
        (error: Error) => [error.message, running.size],
      )
      await settled()
      end(0)
      await settled()
      expect(running.size).toBeGreaterThan(0)
      end(1)
      await settled()
      end(2)
      expect(await taken).toEqual(fails ? ['the source failed', 0] : 0)
    }
  })
})
