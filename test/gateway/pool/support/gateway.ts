/** A whole gateway in front of workers of a test's own. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Login } from '../../../../gateway/access/authenticate.ts'
import { createApp } from '../../../../gateway/app.ts'
import { answerClientErrors } from '../../../../gateway/listen/client-errors.ts'
import { logErrors } from '../../../../gateway/log/errors.ts'
import { createLog } from '../../../../gateway/log/log.ts'
import type { Address } from '../../../../gateway/pool/addresses.ts'
import { createCallSigner } from '../../../../gateway/pool/call-signer.ts'
import { createProbe } from '../../../../gateway/pool/probe.ts'
import { createProxiedPool } from '../../../../gateway/pool/proxied.ts'
import type { SendBlob } from '../../../../gateway/pool/relay.ts'
import { createWorkers } from '../../../../gateway/pool/workers.ts'
import { openParts } from '../../../support/gateway-parts.ts'
import { close, listening } from '../../../support/http-server.ts'
import { poolSecret } from '../../../support/pool.ts'

type Options = {
  /** Read at each look, so a test may change it. */
  addresses: Address[]
  times?: { interval?: number; answer?: number; patience?: number }
  sendBlob?: SendBlob
  prefix?: string
  login?: Login
}

/** Resolves once all workers there are at first are up. */
export async function startGateway({ addresses, times, sendBlob, prefix, login }: Options) {
  const signer = createCallSigner(poolSecret)
  const changes: { worker: string; state: string; reason?: string }[] = []
  const failures: string[] = []
  const heard = new EventTarget()
  const workers = createWorkers({
    find: async () => addresses,
    probe: createProbe(signer),
    report(change) {
      changes.push(change)
      heard.dispatchEvent(new Event('change'))
    },
    times: { interval: 20, ...times },
  })
  const app = createApp({
    ...openParts,
    prefix: prefix ?? '/',
    login,
    pool: createProxiedPool({ workers, signer, sendBlob }),
  })
  const log = createLog(
    { level: 'error', formatter: 'json', fields: {}, reportcaller: false },
    { write: (line) => void failures.push(line) },
  )
  app.on('error', logErrors(log))
  const server = createServer(app.callback())
  answerClientErrors(server)
  await listening(server, { port: 0, host: '127.0.0.1' })
  const { port } = server.address() as AddressInfo
  const expected = addresses.length
  await until((all) => all.filter(({ state }) => state === 'up').length >= expected)

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    /** The changes of workers that the gateway reported, in order. */
    changes,
    until,
    /** The errors that the gateway emitted for its log. */
    failures,
    async close() {
      await close(server)
      workers.close()
    },
  }

  /** Resolves once what it has found out so far makes `check` true. */
  async function until(check: (found: typeof changes) => boolean): Promise<void> {
    while (!check(changes)) {
      await new Promise((resolve) => heard.addEventListener('change', resolve, { once: true }))
    }
  }
}
