/** kura is killed again and again in the middle of its work, and keeps every promise it has made. */
import { expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import type { Image } from '../support/image.ts'
import { inLength } from '../support/length.ts'
import { describeWith } from '../support/programs.ts'
import { createRandom } from '../support/random.ts'
import { type Chaos, startChaos } from './chaos.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { createPusher } from './pusher.ts'
import { findBrokenTags, findLosses } from './verify.ts'

/**
 * A failed run shows its seed, in the test's name also where it took too long; with KURA_TEST_SEED set to it,
 * the same run comes again.
 */
const seed = Number(process.env.KURA_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32))
const clients = 4
const pushesEach = inLength({ short: 10, long: 60 })
/** So many times at least something is killed, and so many requests break off. */
const least = inLength({ short: 3, long: 15 })

describeWith(['linux'], 'a kura that is killed', () => {
  const cleanup = useCleanup()

  it(`loses nothing of ${clients * pushesEach} pushes that it acknowledged (seed ${seed})`, async () => {
    const root = await cleanup.folder()
    const ledger = createLedger()
    const inspect = async (url: string) => {
      ledger.faults.push(...(await findBrokenTags(url, ledger)))
    }
    const random = createRandom(seed)
    const chaos = await startChaos({ root, random, done: ledger.acknowledged, inspect })
    cleanup.add(chaos.stop)

    const work = Array.from({ length: clients }, (_, client) => pushMany(chaos, ledger, client))
    const outcomes = await Promise.allSettled(work)
    const { url } = await chaos.end()

    const failures = outcomes.filter((it) => it.status === 'rejected').map((it) => `${it.reason}`)
    // Where it cannot even look, the failures say why.
    const losses = await findLosses({ url, root }, ledger).catch((error) => [`${error}`])
    const nothing = { seed, failures: [], faults: [], losses: [] }
    expect({ seed, failures, faults: ledger.faults, losses }).toEqual(nothing)
    // Nothing of this would mean much if nobody had been killed, or nothing been under way.
    expect(chaos.strikes.length).toBeGreaterThan(least)
    expect(ledger.brokenOff()).toBeGreaterThan(least)
  }, 600_000)
})

async function pushMany({ url, up, step }: Chaos, ledger: Ledger, client: number): Promise<void> {
  const random = createRandom(seed + 1 + client)
  const repository = `client/${client}`
  const pusher = createPusher({ url, repository, random, ledger, step, up })
  const pushed: Image[] = []
  try {
    for (let turn = 0; turn < pushesEach; turn++) {
      // One tag is new and one is moved from the image before.
      pushed.push(await pusher.push([`v${turn}`, 'latest']))
      await pusher.pull(random.pick(pushed))
    }
  } finally {
    pusher.close()
  }
}
