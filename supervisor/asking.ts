/**
 * Questions of a process to its supervisor, and the answers. A question has one second: a supervisor
 * that is busy, or about to end, must not hold up a login.
 */
export type Ask = (question: unknown) => Promise<unknown>

export type Question = { kura: 'ask'; id: number; question: unknown }
export type Answered = { kura: 'answer'; id: number; answer: unknown }

const patienceMs = 1_000

/** For one process; rejects where there is no supervisor, and when it does not answer. */
export function createAsk(): Ask {
  const waiting = new Map<number, (answer: unknown) => void>()
  let last = 0
  process.on('message', ({ kura, id, answer }: Answered) => {
    if (kura === 'answer') waiting.get(id)?.(answer)
  })

  return async (question) => {
    if (!process.send) throw new Error('there is no supervisor')
    last += 1
    const id = last
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const fail = () => reject(new Error('the supervisor does not answer'))
    const timer = setTimeout(fail, patienceMs)
    waiting.set(id, resolve)
    process.send({ kura: 'ask', id, question } satisfies Question, undefined, undefined, (error) =>
      error ? fail() : undefined,
    )
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      waiting.delete(id)
    }
  }
}

/** `to` names the part of the supervisor that answers, such as `guesses`. */
type Addressed = { to: string; question: unknown }

export function answerBy(answers: Record<string, Ask>): Ask {
  return async (addressed) => {
    const { to, question } = addressed as Addressed
    return answers[to]?.(question)
  }
}

/** Asks the one of that name. */
export const askOf =
  (ask: Ask, to: string): Ask =>
  (question) =>
    ask({ to, question } satisfies Addressed)
