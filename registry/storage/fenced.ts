/**
 * A storage that is changed under a lease: the lease is asked before each change, and by the driver in
 * the moment in which it makes it. Readers get a storage without its changes, so that code which is
 * to change something has to name the lease that allows it, or say that there is none.
 */
import type { Fence, StorageDriver } from './driver.ts'
import type { Placing } from './placing.ts'

/** The methods that change something, and how many arguments each has before its `call`. */
const changing = {
  put: 2,
  replace: 2,
  append: 2,
  move: 2,
  remove: 1,
  removeVersion: 1,
  detach: 1,
  place: 2,
  putStream: 2,
} as const satisfies Partial<Record<keyof StorageDriver | keyof Placing, number>>

export type ReadableStorage = Omit<StorageDriver, keyof typeof changing | 'close'>
export type ChangeableStorage = Omit<StorageDriver, keyof ReadableStorage | 'close'>

declare const brand: unique symbol
/** Made by `fenced` and `withoutLease` alone. */
export type Fenced<S> = Omit<S, 'close'> & { readonly [brand]: true }
export type FencedStorage = Fenced<StorageDriver>

type Held = Fence & { confirm(): Promise<void> }
type FencedCall = { fence?: Fence | undefined }
type Method = (...args: unknown[]) => Promise<unknown>

/** Where the storage is fenced already, both leases have to be held. */
export function fenced<S extends object>(storage: S, lease: Held): Fenced<S> {
  const methods = storage as Record<string, Method | undefined>
  const fencedMethods = Object.entries(changing).flatMap(([name, count]) => {
    if (!methods[name]) return []
    const change: Method = async (...args) => {
      const under = await confirmed(args[count] as FencedCall | undefined)
      return methods[name]?.(...args.slice(0, count), under)
    }
    return [[name, change]]
  })
  return { ...storage, ...Object.fromEntries(fencedMethods) } as Fenced<S>

  async function confirmed(call: FencedCall | undefined): Promise<FencedCall> {
    // Where a way decides in the moment of the change, to ask others before costs time and says less.
    if (lease.way === undefined) await lease.confirm()
    else lease.check()
    return { ...call, fence: call?.fence ? both(lease, call.fence) : lease }
  }
}

/** For changes that need none: they take nothing away, or have the same effect in any order. */
export function withoutLease<S extends object>(storage: S): Fenced<S> {
  return storage as Fenced<S>
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
