/** The table of workers of a gateway, over a world that its test makes up: who is there, who answers. */
import { type Address, nameOf } from '../../../../gateway/pool/addresses.ts'
import { createWorkers } from '../../../../gateway/pool/workers.ts'

type Sign = 'up' | 'leaving' | 'refusing' | 'silent' | 'unfit'

export function createTable(hosts: string[], times = {}) {
  const addressOf = (host: string): Address => ({ host, port: 1 })
  const signs = new Map<string, Sign>(hosts.map((host) => [host, 'up']))
  const changes: string[] = []
  const never = new AbortController().signal
  let unknown: Error | undefined
  let heard = Promise.withResolvers<void>()
  let probes = 0

  const workers = createWorkers({
    async find() {
      if (unknown) throw unknown
      return [...signs.keys()].map(addressOf)
    },
    async probe(address, signal) {
      probes += 1
      hear()
      const sign = signs.get(nameOf(address).split(':')[0] ?? '')
      if (sign === 'up' || sign === 'leaving') return sign
      if (sign === 'unfit') return { unfit: 'it has another secret' }
      if (sign === 'silent') await new Promise((_, no) => signal.addEventListener('abort', no))
      throw Object.assign(new Error('no answer'), { code: 'ECONNREFUSED' })
    },
    report({ worker, state, reason }) {
      const why = reason === 'it has another secret' ? `: ${reason}` : ''
      changes.push(`${worker.split(':')[0]} ${state}${why}`)
      hear()
    },
    times: { interval: 5, answer: 20, patience: 5_000, ...times },
  })

  function hear(): void {
    heard.resolve()
    heard = Promise.withResolvers()
  }

  return {
    ...workers,
    /** Each as `host state`, in order. */
    changes,
    set: (host: string, sign: Sign) => signs.set(host, sign),
    remove: (host: string) => signs.delete(host),
    /** From now on nobody can say who is there; undefined when that is over. */
    loseSight: (error: Error | undefined) => {
      unknown = error
    },
    pick: (signal = never) => workers.pick(signal),
    async until(check: () => boolean) {
      while (!check()) await heard.promise
    },
    /** Resolves when all have been looked at `count` times more. */
    async looks(count: number) {
      const wanted = probes + (count + 1) * Math.max(signs.size, 1)
      while (probes < wanted) await heard.promise
    },
  }
}
