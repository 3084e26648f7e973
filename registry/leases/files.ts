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
import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isFull } from '../../files/full.ts'
import { startClock } from './elapsed.ts'
import { createInProcessLeases } from './in-process.ts'
import { busyError, type Leases, leaseOf, patience } from './lease.ts'
import { isAlive, processName } from './process-name.ts'
import { openWays, type Ways } from './ways.ts'

/** A claim from elsewhere (another container, another machine) is dead once it missed so many beats. */
const missedBeats = 5
const shortestWait = 5
/** After which a silent holder is not expected back. */
const longestSilence = 24 * 3_600_000

/** In milliseconds: between two signs of life, and how long someone waits for their turn. */
type Options = {
  heartbeat?: number
  longest?: number
  /** Of the storage, where that is a folder: without it leases have no ways. */
  root?: string | undefined
}
type State = 'alive' | 'dead' | 'silent' | 'gone'
/** A claim of our own: when it last showed a sign of life, and whether it came too late. */
type Own = { sinceBeat: () => number; isLost: boolean }

export async function openFileLeases(
  folder: string,
  { heartbeat = 2_000, longest = patience, root }: Options = {},
): Promise<Leases> {
  const me = processName()
  const local = createInProcessLeases(longest)
  const held = new Map<string, Own>()
  const term = missedBeats * heartbeat
  let ways: Ways | undefined
  let opening: Promise<void> | undefined
  // A full disk may have no room for the folder, and pulls do without it.
  await ready().catch((error) => {
    if (!isFull(error)) throw error
  })
  const beating = setInterval(() => {
    for (const [name, own] of held) beat(name, own)
  }, heartbeat).unref()

  return {
    hold: (name, busy, work) =>
      local.hold(name, busy, async () => {
        const key = createHash('sha256').update(name).digest('hex').slice(0, 32)
        const claim = `${key}.${me}.${randomUUID()}`
        await ready()
        await ways?.make(claim).catch(sayIfGone(folder))
        try {
          const { own, isTakenOver } = await acquire(key, claim, busy).catch(sayIfGone(folder))
          held.set(claim, own)
          const lease = leaseOf(
            () => isFresh(own),
            () => isThere(claim, own),
          )
          return await work({ ...lease, isTakenOver, ...(ways && { way: ways.of(claim) }) })
        } finally {
          held.delete(claim)
          await rm(join(folder, claim), { force: true })
          await ways?.remove(claim)
        }
      }),

    async close() {
      clearInterval(beating)
    },
  }

  /** Resolves once there is a folder for claims. After a failure (a full disk) the next call tries again. */
  function ready(): Promise<void> {
    opening ??= open().catch((error) => {
      opening = undefined
      throw error
    })
    return opening
  }

  async function open(): Promise<void> {
    await mkdir(folder, { recursive: true })
    ways = root === undefined ? undefined : await openWays(root)
    await clearLeft()
    await ways?.clear((name) => isAlive(ownerOf(name)) === false)
  }

  function isFresh(own: Own): boolean {
    if (own.sinceBeat() >= term) own.isLost = true
    return !own.isLost
  }

  /** A sign of life that did not reach the folder is none. One that comes too late is not given. */
  async function beat(claim: string, own: Own): Promise<void> {
    if (!isFresh(own)) return
    const [sinceBeat, now] = [startClock(), new Date()]
    try {
      await utimes(join(folder, claim), now, now)
      if (isFresh(own)) own.sinceBeat = sinceBeat
    } catch {
      // It was just released, or another process has cleared it away, or the folder does not answer.
      if (held.has(claim)) await isThere(claim, own).catch(() => {})
    }
  }

  async function isThere(claim: string, own: Own): Promise<boolean> {
    try {
      await Promise.all([stat(join(folder, claim)), ways?.confirm(claim)])
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') own.isLost = true
      throw busyError('unavailable')
    }
    return true
  }

  async function acquire(key: string, claim: string, busy: Parameters<typeof busyError>[0]) {
    const waited = startClock()
    let isTakenOver = false
    for (let pause = shortestWait; ; pause = Math.min(pause * 2, 200)) {
      const own: Own = { sinceBeat: startClock(), isLost: false }
      await writeFile(join(folder, claim), '', { flag: 'wx' })
      const others = (await claims(key)).filter((name) => name !== claim)
      const { areAlive, mayComeBack } = await clearDead(others)
      isTakenOver ||= mayComeBack
      if (!areAlive) return { own, isTakenOver }
      await rm(join(folder, claim), { force: true })
      if (waited() > longest) throw busyError(busy)
      // Chance breaks the tie between two who keep seeing each other.
      await wait(pause * (0.5 + Math.random()))
    }
  }

  async function claims(key: string): Promise<string[]> {
    return (await readdir(folder)).filter((name) => name.startsWith(key))
  }

  /**
   * Whether any of the claims is a living process's; those found dead are removed. A silent process of
   * another container or machine may only be paused.
   */
  async function clearDead(names: string[]) {
    let [areAlive, mayComeBack] = [false, false]
    for (const name of names) {
      const state = await stateOf(name)
      areAlive ||= state === 'alive'
      mayComeBack ||= state === 'silent'
      if (state === 'dead' || state === 'silent') await clear(name)
    }
    return { areAlive, mayComeBack }
  }

  /**
   * At the start, what crashes have left. A silent claim is left to those who want its lease: they have to
   * know that its holder may come back.
   */
  async function clearLeft(): Promise<void> {
    for (const name of await claims('')) {
      const state = await stateOf(name, longestSilence)
      if (state === 'dead' || state === 'silent') await clear(name)
    }
  }

  async function clear(name: string): Promise<void> {
    await ways?.remove(name)
    await rm(join(folder, name), { force: true })
  }

  /**
   * Of a process of another container or machine its signs of life have to tell. Of a claim that has `gone`
   * there is nothing to clear: its process may be about to claim the lease again, with the same way.
   */
  async function stateOf(name: string, longest = term): Promise<State> {
    const alive = isAlive(ownerOf(name))
    if (alive !== undefined) return alive ? 'alive' : 'dead'
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (!found) return 'gone'
    return Date.now() - found.mtimeMs < longest ? 'alive' : 'silent'
  }
}

const ownerOf = (claim: string) => claim.split('.')[1] ?? ''

/** A folder that was there at the start and is not any more went with the data that it lies beside. */
function sayIfGone(folder: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code !== 'ENOENT') throw error
    const what = `the data folder that holds ${folder} is gone, or is another than it was`
    throw Object.assign(new Error(what, { cause: error }), { code: 'EVANISHED' })
  }
}
