/** A process that is gateway and registry in one. */
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import { createInProcessPool } from '../../gateway/pool/in-process.ts'
import type { Running } from '../supervised.ts'
import { openGateway } from './gateway.ts'
import type { Given } from './given.ts'
import { openRegistry } from './registry.ts'

export async function startWhole(config: Config, log: Logger, given: Given): Promise<Running> {
  const { folder } = given
  const { registry, leases, close } = await openRegistry(config, log, given)
  const pool = createInProcessPool(registry)
  const gateway = await openGateway(config, { log, folder, leases, pool })
  return {
    async stop(how) {
      await gateway.stop(how)
      await close()
    },
  }
}
