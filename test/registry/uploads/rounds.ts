/**
 * A driver behind a wire that is slow in the same way for everyone: what is asked of it at the same
 * time is answered at the same time, and each such round is counted, with all that was asked.
 */
const counted = [
  'stat',
  'get',
  'read',
  'open',
  'put',
  'append',
  'place',
  'putStream',
  'move',
  'remove',
]

export function countRounds() {
  let asked: string[] = []
  let rounds: string[][] = []
  let waiting: (() => void)[] = []
  let quiet = 0

  /** A part of the storage, all of which are behind the same wire. */
  function behind<T extends object>(inner: T): T {
    return new Proxy(inner, {
      get(target, name: string & keyof T) {
        const method = target[name]
        if (typeof method !== 'function' || !counted.includes(name)) return method
        return async (...args: unknown[]) => {
          asked.push(name)
          quiet = 0
          try {
            return await (method as (...args: unknown[]) => unknown).apply(target, args)
          } finally {
            await new Promise<void>((resolve) => waiting.push(resolve))
          }
        }
      },
    })
  }

  /** The methods of storage that `work` called, a list for each round. */
  async function measure(work: () => Promise<unknown>): Promise<string[]> {
    asked = []
    rounds = []
    let isDone = false
    const running = work().finally(() => {
      isDone = true
    })
    running.catch(() => {})
    while (!isDone) {
      await new Promise(setImmediate)
      // Nobody has asked for anything more for so long that nobody will before an answer.
      if (++quiet < 10 || waiting.length === 0) continue
      rounds.push(asked)
      asked = []
      for (const answer of waiting.splice(0)) answer()
      quiet = 0
    }
    await running
    for (const answer of waiting.splice(0)) answer()
    waiting = []
    return rounds.map((names) => names.sort().join(' '))
  }

  return { behind, measure }
}
