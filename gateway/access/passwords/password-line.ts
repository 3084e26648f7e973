/**
 * The line of passwords that wait to be compared. Networks take turns, and in each of them users: a
 * flood from one does not hold up the others. Those where somebody was right before, those nobody
 * knows, and those where somebody failed have a line each, and the three lines take turns as well.
 */
import { LoginDelayed } from './passwords-delayed.ts'

export type Standing = (typeof standings)[number]
const standings = ['known', 'new', 'failed'] as const

export type Source = { network: string; user: string }

type Options = {
  /** How many are compared at the same time. */
  atOnce?: number
  mostWaiting?: number
  /** Of one network. */
  mostOfNetwork?: number
  /** Asked when there is a turn to give, as it may have changed while a source waited. */
  standingOf: (source: Source) => Standing
}

type Job = { work: () => Promise<void>; refuse: (error: Error) => void }
type Users = Map<string, Job[]>

/** How long the line takes to become shorter, roughly. */
const busyMs = 2_000

export function createPasswordLine({
  atOnce = 1,
  mostWaiting = 512,
  mostOfNetwork = 256,
  standingOf,
}: Options) {
  /** In the order of their turns, as are the users in each. */
  const networks = new Map<string, Users>()
  const turns: Standing[] = [...standings]
  let running = 0

  return { run }

  /** Rejects with LoginDelayed when there is no room, or when it is needed for one who has less of it. */
  function run<T>(source: Source, work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    if (!hasRoom(source) && !makeRoom(source)) {
      reject(tooMany())
      return promise
    }
    const users = networks.get(source.network) ?? new Map<string, Job[]>()
    const jobs = users.get(source.user) ?? []
    jobs.push({ work: () => work().then(resolve, reject), refuse: reject })
    networks.set(source.network, users.set(source.user, jobs))
    handOut()
    return promise
  }

  function handOut(): void {
    while (running < atOnce) {
      const job = takeNext()
      if (!job) return
      running += 1
      job.work().finally(() => {
        running -= 1
        handOut()
      })
    }
  }

  function takeNext(): Job | undefined {
    for (const standing of [...turns]) {
      const source = findFirst(standing)
      if (!source) continue
      turns.push(...turns.splice(turns.indexOf(standing), 1))
      return take(source)
    }
    return undefined
  }

  function findFirst(standing: Standing): Source | undefined {
    for (const [network, users] of networks) {
      for (const user of users.keys()) {
        if (standingOf({ network, user }) === standing) return { network, user }
      }
    }
    return undefined
  }

  /** What is left of its user and of its network goes to the end. */
  function take({ network, user }: Source): Job | undefined {
    const users = networks.get(network)
    const jobs = users?.get(user)
    const job = jobs?.shift()
    users?.delete(user)
    networks.delete(network)
    if (jobs && jobs.length > 0) users?.set(user, jobs)
    if (users && users.size > 0) networks.set(network, users)
    return job
  }

  function hasRoom({ network }: Source): boolean {
    const sizes = [...networks.values()].map(sizeOf)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    return total < mostWaiting && sizeOf(networks.get(network)) < mostOfNetwork
  }

  /** Of the network that has most of the line, or else of the user who has most of the network. */
  function makeRoom({ network, user }: Source): boolean {
    const own = networks.get(network)
    const [name = network, users] = largest(networks, sizeOf) ?? []
    if (users && users !== own && sizeOf(users) > sizeOf(own) + 1) return drop(name, users)
    const mostJobs = own && largest(own, ({ length }) => length)?.[1].length
    const isGreedy = (mostJobs ?? 0) <= (own?.get(user)?.length ?? 0) + 1
    return own !== undefined && !isGreedy && drop(network, own)
  }

  function drop(network: string, users: Users): boolean {
    const [user, jobs] = largest(users, ({ length }) => length) ?? []
    const job = jobs?.pop()
    if (jobs?.length === 0 && user !== undefined) users.delete(user)
    if (users.size === 0) networks.delete(network)
    job?.refuse(tooMany())
    return job !== undefined
  }
}

const tooMany = () => new LoginDelayed('too many logins at once', busyMs)

function sizeOf(users: Users | undefined): number {
  let size = 0
  for (const jobs of users?.values() ?? []) size += jobs.length
  return size
}

function largest<T>(map: Map<string, T>, size: (value: T) => number): [string, T] | undefined {
  let found: [string, T] | undefined
  for (const entry of map) if (!found || size(entry[1]) > size(found[1])) found = entry
  return found
}
