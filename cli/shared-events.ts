/**
 * Where the processes of a machine keep what they know of events: in the supervisor. The requests of one
 * push come to several processes, and a login is told once.
 */
import { createEventMemory, type EventMemory } from '../gateway/http/event-memory.ts'
import type { Ask } from './asking.ts'

type Question =
  | { what: 'login'; who: string }
  | { what: 'pushing'; push: string; began: number }
  | { what: 'pushed'; push: string }

/** The supervisor's part: answers what its processes ask. */
export function answerEvents(): Ask {
  const memory = createEventMemory()
  return async (question) => {
    const it = question as Question
    if (it.what === 'login') return memory.login(it.who)
    if (it.what === 'pushed') return memory.pushed(it.push)
    return memory.pushing(it.push, it.began)
  }
}

/** A process's part. */
export function openSharedEvents(ask: Ask): EventMemory {
  const send = ask as (question: Question) => Promise<unknown>
  return {
    // A line too many says more than one too few.
    login: (who) => send({ what: 'login', who }).then(Boolean, () => true),
    pushing: async (push, began) => void (await send({ what: 'pushing', push, began })),
    pushed: (push) => send({ what: 'pushed', push }) as Promise<number | undefined>,
  }
}
