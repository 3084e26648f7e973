/**
 * A storage that is changed under a lease: the lease is asked before each change, and by the driver in
 * the moment in which it makes it. Readers get a storage without its changes, so that code which is
 * to change something has to name the lease that allows it, or say that there is none.
 */
import type { Fence, StorageDriver } from './driver.ts'

const changing = [
  'put',
  'replace',
  'append',
  'place',
  'putStream',
  'move',
  'remove',
  'removeVersion',
  'detach',
] as const
type Change = (typeof changing)[number]

export type ReadableStorage = Omit<StorageDriver, Change | 'removeUnfinished' | 'close'>

declare const brand: unique symbol
/** Made by `fenced` and `withoutLease` alone. */
export type FencedStorage = Omit<StorageDriver, 'close'> & { readonly [brand]: true }

type Held = Fence & { confirm(): Promise<void> }

/** Where the storage is fenced already, both leases have to be held. */
export function fenced(storage: Omit<StorageDriver, 'close'>, lease: Held): FencedStorage {
  const { put, replace, append, move, remove, removeVersion, place, putStream, detach } = storage
  return {
    ...storage,
    put: (path, value, call) => change(call, (under) => put.call(storage, path, value, under)),
    replace: (path, value, call) => change(call, (it) => replace.call(storage, path, value, it)),
    append: (path, source, call) => change(call, (it) => append.call(storage, path, source, it)),
    move: (from, to, call) => change(call, (under) => move.call(storage, from, to, under)),
    remove: (path, call) => change(call, (under) => remove.call(storage, path, under)),
    removeVersion: (path, call) => change(call, (it) => removeVersion.call(storage, path, it)),
    ...(place && {
      place: (draft, source, call) =>
        change(call, (under) => place.call(storage, draft, source, under)),
    }),
    ...(putStream && {
      putStream: (path, source, call) =>
        change(call, (under) => putStream.call(storage, path, source, under)),
    }),
    ...(detach && {
      detach: (path, call) => change(call, (under) => detach.call(storage, path, under)),
    }),
  } as FencedStorage

  async function change<C extends { fence?: Fence | undefined }, T>(
    call: C | undefined,
    work: (call: C) => Promise<T>,
  ): Promise<T> {
    // Where a way decides in the moment of the change, to ask others before costs time and says less.
    if (lease.way === undefined) await lease.confirm()
    else lease.check()
    const fence = call?.fence ? both(lease, call.fence) : lease
    return work({ ...(call as C), fence })
  }
}

/** For changes that need none: they take nothing away, or do the same whoever makes them first. */
export function withoutLease(storage: Omit<StorageDriver, 'close'>): FencedStorage {
  return storage as FencedStorage
}

function both(one: Fence, other: Fence): Fence {
  const ways = [one.way, other.way].filter((way) => way !== undefined)
  const left = [one.leftMs, other.leftMs].filter((it) => it !== undefined)
  return {
    check() {
      one.check()
      other.check()
    },
    // Each way leads to the root, so the second one is found behind the first.
    ...(ways.length > 0 && { way: ways.join('/') }),
    ...(left.length > 0 && { leftMs: () => Math.min(...left.map((it) => it())) }),
  }
}
