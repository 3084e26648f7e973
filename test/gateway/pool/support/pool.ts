/** Starts a gateway and its raw workers for one test, and takes all of it down when that has ended. */
import type { RequestListener } from 'node:http'
import { afterEach } from '@jest/globals'
import { startGateway } from './gateway.ts'
import { startRawWorker } from './workers.ts'

type Options = Omit<Parameters<typeof startGateway>[0], 'addresses'>

export function usePool() {
  const closes: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closes.splice(0).reverse()) await close()
  })

  /** A worker for each of `handlers`. */
  return async (handlers: RequestListener[], options: Options = {}) => {
    const workers = await Promise.all(handlers.map((handler) => startRawWorker(handler)))
    closes.push(...workers.map((worker) => worker.close))
    const addresses = workers.map((worker) => worker.address)
    const gateway = await startGateway({ ...options, addresses })
    closes.push(gateway.close)
    return { gateway, workers, addresses, requests: () => workers.flatMap((it) => it.requests) }
  }
}
