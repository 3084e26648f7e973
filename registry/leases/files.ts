/**
 * Leases among the processes of one machine, as files in a folder beside the data.
 *
 * A process writes its claim, then looks: it holds the lease when nobody else alive has a claim to
 * the same name, and withdraws otherwise. Two can both withdraw and try again; two can never both
 * hold. Every claim has a name of its own, so clearing away a dead one cannot hit a living one.
 *
 * Beside a claim there is a way: a symbolic link to the root of the storage, under the name of the
 * claim. A process that clears a claim away removes its way first. So the earlier holder, if it was
 * only paused, finds that every path through its way is gone: the kernel decides, in the same step in
 * which it would have made the change.
 */
import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { isFull } from '../../files/full.ts'
import type { Reason } from '../protocol/errors.ts'
import { createBeats } from './beats.ts'
import { type Claims, createClaims } from './claims.ts'
import { startClock } from './elapsed.ts'
import { createInProcessLeases } from './in-process.ts'
import { busyError, type Leases, patience } from './lease.ts'
import { processName } from './process-name.ts'

/** A claim from elsewhere (another container, another machine) is dead once it missed so many beats. */
const missedBeats = 5
const shortestWait = 5
const longestWait = 200

/** In milliseconds: between two signs of life, and how long someone waits for their turn. */
type Options = {
  heartbeat?: number
  longest?: number
  /** Of the storage, where that is a folder: without it leases have no ways. */
  root?: string | undefined
}

export async function openFileLeases(
  folder: string,
  { heartbeat = 2_000, longest = patience, root }: Options = {},
): Promise<Leases> {
  const me = processName()
  const local = createInProcessLeases(longest)
  const term = missedBeats * heartbeat
  const claims = createClaims({ folder, root, term })
  // A full disk may have no room for the folder, and pulls do without it.
  await claims.ready().catch((error) => {
    if (!isFull(error)) throw error
  })
  const beats = createBeats(claims, { heartbeat, term })

  return {
    hold: (name, busy, work) =>
      local.hold(name, busy, async () => {
        const key = createHash('sha256').update(name).digest('hex').slice(0, 32)
        const claim = `${key}.${me}.${randomUUID()}`
        await claims.ready()
        await claims.makeWay(claim).catch(sayIfGone(folder))
        try {
          const wanted = { key, claim, busy, longest }
          const { sinceBeat, isTakenOver } = await acquire(claims, wanted).catch(sayIfGone(folder))
          const [lease, way] = [beats.begin(claim, sinceBeat), claims.wayOf(claim)]
          return await work({ ...lease, isTakenOver, ...(way !== undefined && { way }) })
        } finally {
          beats.end(claim)
          await claims.release(claim)
        }
      }),

    async close() {
      beats.stop()
    },
  }
}

type Wanted = { key: string; claim: string; busy: Reason; longest: number }

/** Resolves once no other claim to the lease is alive. */
async function acquire(claims: Claims, { key, claim, busy, longest }: Wanted) {
  const waited = startClock()
  let isTakenOver = false
  for (let pause = shortestWait; ; pause = Math.min(pause * 2, longestWait)) {
    const sinceBeat = startClock()
    await claims.write(claim)
    const { areAlive, mayComeBack } = await claims.clearOthers(key, claim)
    isTakenOver ||= mayComeBack
    if (!areAlive) return { sinceBeat, isTakenOver }
    await claims.withdraw(claim)
    if (waited() > longest) throw busyError(busy)
    // Chance breaks the tie between two who keep seeing each other.
    await wait(pause * (0.5 + Math.random()))
  }
}

/** A folder that was there at the start and is not any more went with the data that it lies beside. */
function sayIfGone(folder: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code !== 'ENOENT') throw error
    const what = `the data folder that holds ${folder} is gone, or is another than it was`
    throw Object.assign(new Error(what, { cause: error }), { code: 'EVANISHED' })
  }
}
