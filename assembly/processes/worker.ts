/** A process that is a registry for gateways in other processes. */
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Config } from '../../config/schema.ts'
import { createRefusals } from '../../gateway/access/refusal-lines.ts'
import { meetExpectations } from '../../gateway/listen/expectations.ts'
import { answerInTurn } from '../../gateway/listen/in-turn.ts'
import { logErrors } from '../../gateway/log/errors.ts'
import { socketIn } from '../../gateway/pool/addresses.ts'
import { createCallSigner } from '../../gateway/pool/call-signer.ts'
import { createInProcessPool } from '../../gateway/pool/in-process.ts'
import { idleMs } from '../../gateway/pool/worker.ts'
import { createWorkerApp } from '../../gateway/pool/worker-app.ts'
import { drainServer } from '../../supervisor/drain.ts'
import type { Running } from '../../supervisor/supervised.ts'
import { openPolicies } from '../access/open.ts'
import { opened } from '../listeners/listening.ts'
import { openRegistry } from './registry.ts'
import type { Given, Logs } from './shared.ts'

/** Longer than a gateway goes without asking how its workers are. */
const announcement = 2_500

/** Longer than a gateway keeps a connection that is idle, so that none is closed under a request. */
const linger = 2 * idleMs

/** Gateways send tokens' grants along, so there may be a lot of them; a body may take hours. */
const limits = { requestTimeout: 0, maxHeaderSize: 128 * 1024, keepAliveTimeout: 120_000 }

export async function startWorker(
  config: Config,
  { log, notices }: Logs,
  given: Given,
): Promise<Running> {
  const { secret, sockets } = given
  const { registry, close } = await openRegistry(config, notices, given)
  const policies = await openPolicies(config, notices)
  const refusals = createRefusals({ log })
  let leaving = false
  const app = createWorkerApp({
    signer: createCallSigner(secret),
    policy: policies.policy,
    isLeaving: () => leaving,
    registry: createInProcessPool(registry),
    reportDenial: refusals.report,
  })
  app.on('error', logErrors(log))
  const server = createServer(limits, app.callback())
  answerInTurn(server)
  meetExpectations(server)
  const where = sockets
    ? { text: sockets, path: socketIn(sockets, process.pid) }
    : config.kura.workers.listen
  await opened(server, where, 'kura.workers.listen (REGISTRY_KURA_WORKERS_LISTEN)')

  return {
    async stop({ replaced, hurry }) {
      // On a port that it shares with its successor, a new connection reaches that one already.
      const sharesPort = replaced && !sockets
      leaving = !sharesPort
      // Where all of a machine stop, its gateways have gone before.
      const isAwaited = sockets ? replaced : !replaced
      if (isAwaited) await wait(announcement)
      await drainServer(server, { lingerMs: sharesPort ? linger : 0, hurry })
      refusals.close()
      await Promise.all([policies.close(), close()])
    },
  }
}
