/**
 * Where the processes of a machine keep what they know of events: in the supervisor. The requests of one
 * push come to several processes, and a login is told once.
 */
import { LRUCache } from 'lru-cache'
import { createEventMemory, type EventMemory } from '../../gateway/log/event-memory.ts'
import type { ManifestRead } from '../../gateway/log/event-pulls.ts'
import type { Ask } from '../../supervisor/asking.ts'

type Question =
  | { what: 'login'; source: string }
  | { what: 'pushing'; push: string; began: number }
  | { what: 'pushed'; push: string }
  | { what: 'pull'; read: ManifestRead }

/** The supervisor's part: answers what its processes ask. */
export function answerEvents(): Ask {
  const memory = createEventMemory()
  return async (question) => {
    const it = question as Question
    if (it.what === 'login') return memory.login(it.source)
    if (it.what === 'pull') return memory.pull(it.read)
    if (it.what === 'pushed') return memory.pushed(it.push)
    return memory.pushing(it.push, it.began)
  }
}

/** A process's part. */
export function openSharedEvents(ask: Ask): EventMemory {
  const send = ask as (question: Question) => Promise<unknown>
  const pulls = new LRUCache<string, Promise<unknown>>({ max: 1_000, ttl: 10_000 })
  return {
    // A line too many says more than one too few.
    login: (source) => send({ what: 'login', source }).then(Boolean, () => true),
    pushing: async (push, began) => void (await send({ what: 'pushing', push, began })),
    // A client that polls a tag asks the same again and again.
    async pull(read) {
      const key = JSON.stringify(read)
      const answer = pulls.get(key) ?? send({ what: 'pull', read })
      if (!pulls.has(key)) pulls.set(key, answer)
      const unknown = read.isHead ? undefined : read.reference
      return answer.then(
        (told) => told as string | undefined,
        () => unknown,
      )
    },
    pushed: (push) => send({ what: 'pushed', push }) as Promise<number | undefined>,
  }
}
