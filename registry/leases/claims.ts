/**
 * Claims to leases: files in a folder that processes share, of this process and of others. Every claim has a
 * name of its own, so clearing away a dead one cannot hit a living one.
 */
import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isAlive } from './process-name.ts'
import { openWays, type Ways } from './ways.ts'

/** After which a silent holder is not expected back. */
const longestSilence = 24 * 3_600_000

type State = 'alive' | 'dead' | 'silent' | 'gone'
type Options = {
  folder: string
  /** Of the storage, where that is a folder: without it leases have no ways. */
  root: string | undefined
  /** In milliseconds: a claim from elsewhere that has shown no sign of life for so long is dead. */
  term: number
}

export type Claims = ReturnType<typeof createClaims>

/** A claim is named `<key of the lease>.<process>.<id>`. */
export function createClaims({ folder, root, term }: Options) {
  const pathOf = (claim: string) => join(folder, claim)
  let ways: Ways | undefined
  let opening: Promise<void> | undefined

  return {
    ready,
    makeWay: async (claim: string) => ways?.make(claim),
    wayOf: (claim: string) => ways?.of(claim),
    write: (claim: string) => writeFile(pathOf(claim), '', { flag: 'wx' }),
    showLife: (claim: string, now: Date) => utimes(pathOf(claim), now, now),
    /** Rejects with ENOENT where the claim is gone, or its way. */
    confirm: (claim: string) => Promise.all([stat(pathOf(claim)), ways?.confirm(claim)]),
    withdraw: (claim: string) => rm(pathOf(claim), { force: true }),
    async release(claim: string): Promise<void> {
      await rm(pathOf(claim), { force: true })
      await ways?.remove(claim)
    },
    clearOthers: async (key: string, own: string) => clearDead(await named(key), own),
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

  async function named(key: string): Promise<string[]> {
    return (await readdir(folder)).filter((name) => name.startsWith(key))
  }

  /**
   * Whether any other claim is a living process's; those found dead are removed. A silent process of another
   * container or machine may only be paused.
   */
  async function clearDead(claims: string[], own: string) {
    let [areAlive, mayComeBack] = [false, false]
    for (const claim of claims) {
      if (claim === own) continue
      const state = await stateOf(pathOf(claim), term)
      areAlive ||= state === 'alive'
      mayComeBack ||= state === 'silent'
      if (state === 'dead' || state === 'silent') await clear(claim)
    }
    return { areAlive, mayComeBack }
  }

  /**
   * At the start, what crashes have left. A silent claim is left to those who want its lease: they have to
   * know that its holder may come back.
   */
  async function clearLeft(): Promise<void> {
    for (const claim of await named('')) {
      const state = await stateOf(pathOf(claim), longestSilence)
      if (state === 'dead' || state === 'silent') await clear(claim)
    }
  }

  async function clear(claim: string): Promise<void> {
    await ways?.remove(claim)
    await rm(pathOf(claim), { force: true })
  }
}

/**
 * Of a process of another container or machine its signs of life have to tell. Of a claim that has `gone`
 * there is nothing to clear: its process may be about to claim the lease again, with the same way.
 */
async function stateOf(path: string, longest: number): Promise<State> {
  const alive = isAlive(ownerOf(basename(path)))
  if (alive !== undefined) return alive ? 'alive' : 'dead'
  const found = await stat(path).catch(() => undefined)
  if (!found) return 'gone'
  return Date.now() - found.mtimeMs < longest ? 'alive' : 'silent'
}

const ownerOf = (claim: string) => claim.split('.')[1] ?? ''
