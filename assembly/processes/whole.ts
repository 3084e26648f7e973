/** A process that is gateway and registry in one. */
import type { Config } from '../../config/schema.ts'
import { createInProcessPool } from '../../gateway/pool/in-process.ts'
import type { Ask } from '../../supervisor/asking.ts'
import type { Running } from '../../supervisor/supervised.ts'
import { installationOf } from '../installation.ts'
import { openGateway } from './gateway.ts'
import { openRegistry } from './registry.ts'
import type { Given, Logs } from './shared.ts'
import { guessSecret, openSharedGuesses } from './shared-guesses.ts'

export async function startWhole(
  config: Config,
  logs: Logs,
  given: Given,
  ask: Ask,
): Promise<Running> {
  const { folder, brief } = given
  const { registry, redis, leases, close } = await openRegistry(config, logs.notices, given)
  const pool = createInProcessPool(registry)
  const guesses = openSharedGuesses({ ask, redis, log: logs.log })
  const secret = guessSecret(config, given.key)
  const gateway = await openGateway(config, {
    ...{ ...logs, brief, ask, folder },
    ...{ leases, pool, guesses, secret, installation: installationOf(config, given) },
  })
  return {
    async stop(how) {
      await gateway.stop(how)
      await close()
    },
  }
}
