/** A gateway whose registry is in other processes, on this machine or elsewhere. */
import type { Config } from '../../config/schema.ts'
import { findByName, findInFolder } from '../../gateway/pool/addresses.ts'
import { createCallSigner } from '../../gateway/pool/call-signer.ts'
import { createProbe } from '../../gateway/pool/probe.ts'
import { createProxiedPool } from '../../gateway/pool/proxied.ts'
import { createWorkers } from '../../gateway/pool/workers.ts'
import { createBlobSender } from '../../registry/http/send.ts'
import type { Ask } from '../../supervisor/asking.ts'
import type { Running } from '../../supervisor/supervised.ts'
import { installationOf } from '../installation.ts'
import { openStorageOf } from '../storage.ts'
import { openGateway } from './gateway.ts'
import type { Given, Logs } from './shared.ts'
import { openShared } from './shared.ts'
import { guessSecret, openSharedGuesses } from './shared-guesses.ts'

export async function startProxied(
  config: Config,
  { log, notices }: Logs,
  given: Given,
  ask: Ask,
): Promise<Running> {
  const { folder, secret, sockets, key, brief } = given
  const signer = createCallSigner(secret)
  const workers = createWorkers({
    find: sockets ? findInFolder(sockets) : findByName(config.kura.workers.addresses),
    probe: createProbe(signer),
    report: ({ state, ...worker }) => {
      const level = state === 'down' ? 'warn' : 'info'
      notices[level](worker, `a worker is ${state}`)
    },
  })
  // It reads the same storage as workers of this machine: the bytes of a pull need not come through them.
  const storage = sockets ? (await openStorageOf(config, notices)).driver : undefined
  const sendBlob = storage && createBlobSender(storage)
  const shared = await openShared(config, notices, folder)
  const pool = createProxiedPool({ workers, signer, sendBlob })
  const { leases, redis } = shared
  const guesses = openSharedGuesses({ ask, redis, log })
  const own = { guesses, secret: guessSecret(config, key) }
  const gateway = await openGateway(config, {
    log,
    notices,
    brief,
    ask,
    folder,
    leases,
    pool,
    installation: installationOf(config, given),
    ...own,
  })

  return {
    async stop(how) {
      await gateway.stop(how)
      workers.close()
      await Promise.all([shared.close(), storage?.close()])
    },
  }
}
