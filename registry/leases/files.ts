/**
 * Leases among the processes of one machine, as files in a folder beside the data.
 *
 * A process writes its claim, then looks: it holds the lease when nobody else alive has a claim to
 * the same name, and withdraws otherwise. Two can both withdraw and try again; two can never both
 * hold. Every claim has a name of its own, so clearing away a dead one cannot hit a living one.
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createInProcessLeases } from './in-process.ts'
import { busyError, type Leases, patience } from './lease.ts'
import { isAlive, processName } from './process-name.ts'

/** A claim from elsewhere (another container, another machine) is dead once it missed so many beats. */
const missedBeats = 5
const shortestWait = 5

/** In milliseconds: between two signs of life, and how long someone waits for their turn. */
type Times = { heartbeat?: number; longest?: number }

export async function openFileLeases(
  folder: string,
  { heartbeat = 2_000, longest = patience }: Times = {},
): Promise<Leases> {
  await mkdir(folder, { recursive: true })
  const me = processName()
  const local = createInProcessLeases(longest)
  const held = new Set<string>()
  let lastBeat = performance.now()
  let lastHalt = Number.NEGATIVE_INFINITY
  await clearDead(await claims(''))
  const beat = setInterval(() => {
    if (!isAwake()) lastHalt = performance.now()
    lastBeat = performance.now()
    const now = new Date()
    // A claim that was just released is gone, which is as it should be.
    for (const claim of held) utimes(claim, now, now).catch(() => {})
  }, heartbeat).unref()

  return {
    hold: (name, busy, work) =>
      local.hold(name, busy, async () => {
        const key = createHash('sha256').update(name).digest('hex').slice(0, 32)
        const claim = join(folder, `${key}.${me}.${randomUUID()}`)
        if (!(await acquire(key, claim).catch(sayIfGone(folder)))) throw busyError(busy)
        held.add(claim)
        const since = performance.now()
        try {
          return await work({ isHeld: () => lastHalt < since && isAwake() })
        } finally {
          held.delete(claim)
          await rm(claim, { force: true })
        }
      }),

    async close() {
      clearInterval(beat)
    },
  }

  /** Whoever shows no sign of life for too long may have lost what it holds. */
  function isAwake(): boolean {
    return performance.now() - lastBeat < missedBeats * heartbeat
  }

  async function acquire(key: string, claim: string): Promise<boolean> {
    const deadline = Date.now() + longest
    for (let pause = shortestWait; ; pause = Math.min(pause * 2, 200)) {
      await (await open(claim, 'wx')).close()
      if (!(await othersClaim(key, claim))) return true
      await rm(claim, { force: true })
      if (Date.now() > deadline) return false
      // Chance breaks the tie between two who keep seeing each other.
      await wait(pause * (0.5 + Math.random()))
    }
  }

  async function othersClaim(key: string, claim: string): Promise<boolean> {
    return clearDead((await claims(key)).filter((path) => path !== claim))
  }

  async function claims(key: string): Promise<string[]> {
    const names = await readdir(folder)
    return names.filter((name) => name.startsWith(key)).map((name) => join(folder, name))
  }

  /** Whether any of the claims is a living process's; those found dead are removed. */
  async function clearDead(paths: string[]): Promise<boolean> {
    let alive = false
    for (const path of paths) {
      if (await isHeld(path)) alive = true
      else await rm(path, { force: true })
    }
    return alive
  }

  async function isHeld(path: string): Promise<boolean> {
    const owner = path.slice(folder.length + 1).split('.')[1] ?? ''
    const alive = isAlive(owner)
    if (alive !== undefined) return alive
    const found = await stat(path).catch(() => undefined)
    return found !== undefined && Date.now() - found.mtimeMs < missedBeats * heartbeat
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
