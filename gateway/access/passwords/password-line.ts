/**
 * The line of passwords that wait to be compared. Networks take turns, and in each of them users: a
 * flood from one does not hold up the others. Sources with a right password before, new ones, and ones
 * with a failure have a line each, and the three lines take turns as well.
 */
import { createQueues, type QueueOptions, type Source, tooMany } from './password-queues.ts'

export type Standing = (typeof standings)[number]
const standings = ['known', 'new', 'failed'] as const

type Options = QueueOptions & {
  /** How many are compared at the same time. */
  atOnce?: number
  /** Asked when there is a turn to give, as it may have changed while a source waited. */
  standingOf: (source: Source) => Standing
}

export function createPasswordLine({ atOnce = 1, standingOf, ...room }: Options) {
  const queues = createQueues(room)
  const turns: Standing[] = [...standings]
  let running = 0

  return { run }

  /** Rejects with LoginDelayed when there is no room, or when a source with less of it needs it. */
  function run<T>(source: Source, work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const job = { work: () => work().then(resolve, reject), refuse: reject }
    if (queues.add(source, job)) handOut()
    else reject(tooMany())
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

  function takeNext() {
    for (const standing of [...turns]) {
      const source = queues.find((source) => standingOf(source) === standing)
      if (!source) continue
      turns.push(...turns.splice(turns.indexOf(standing), 1))
      return queues.take(source)
    }
    return undefined
  }
}
