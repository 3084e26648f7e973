/**
 * Jobs that wait, by network and user, and the room for them: a full line makes room for a source that
 * has little of it by refusing a job of the source that has most.
 */
import { LoginDelayed } from '../login-errors.ts'

export type Source = { network: string; user: string }
type Job = { work: () => Promise<void>; refuse: (error: Error) => void }
type Users = Map<string, Job[]>

export type QueueOptions = {
  mostWaiting?: number
  /** Of one network. */
  mostOfNetwork?: number
}

/** How long the line takes to become shorter, roughly. */
const busyMs = 2_000

export function createQueues({ mostWaiting = 512, mostOfNetwork = 256 }: QueueOptions) {
  /** In the order of their turns, as are the users in each. */
  const networks = new Map<string, Users>()

  return { add, find, take }

  /** Whether there is room for it. */
  function add(source: Source, job: Job): boolean {
    if (!hasRoom(source) && !makeRoom(source)) return false
    const users = networks.get(source.network) ?? new Map<string, Job[]>()
    const jobs = users.get(source.user) ?? []
    jobs.push(job)
    networks.set(source.network, users.set(source.user, jobs))
    return true
  }

  /** The first one in the order of turns. */
  function find(isWanted: (source: Source) => boolean): Source | undefined {
    for (const [network, users] of networks) {
      for (const user of users.keys()) {
        const source = { network, user }
        if (isWanted(source)) return source
      }
    }
    return undefined
  }

  /** The other jobs of its user and of its network go to the end. */
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

export const tooMany = () => new LoginDelayed('too many logins at once', busyMs)

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
