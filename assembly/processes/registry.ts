/** The registry of one process, with what it rests on and what it does from time to time. */
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import { createRegistry, type Registry } from '../../registry/app.ts'
import type { OpenedStorage } from '../../registry/storage/open.ts'
import { schedule } from '../../registry/upkeep/schedule.ts'
import { createCarrier } from '../../registry/uploads/bucket/signed-state.ts'
import { rulesFrom } from '../rules.ts'
import { findUploadSecret } from '../shared-secret.ts'
import { openStorageOf } from '../storage.ts'
import type { Given } from './shared.ts'
import { openShared } from './shared.ts'

export async function openRegistry(config: Config, log: Logger, { folder, secret }: Given) {
  const opened = await openStorageOf(config, log)
  const { driver: storage, placing, findUrl } = opened
  const { redis, leases, close } = await openShared(config, log, folder)
  const registry = createRegistry({
    storage,
    findUrl,
    leases,
    redis,
    bucket: placing && { placing, carrier: createCarrier(findUploadSecret(config, secret)) },
    rules: rulesFrom(config),
    reportBadLink: (path, found) => log.warn({ path, found }, 'this link is damaged and left out'),
  })
  const purging = startPurging(config, { ...opened, purge: registry.purge, log })

  return {
    registry,
    redis,
    leases,
    async close() {
      await purging?.stop()
      await Promise.all([close(), storage.close()])
    },
  }
}

type Purging = Pick<Registry, 'purge'> & Pick<OpenedStorage, 'removeUnfinished'> & { log: Logger }

function startPurging({ storage: settings }: Config, { purge, removeUnfinished, log }: Purging) {
  const { enabled, interval, ...rules } = settings.maintenance.uploadpurging
  if (!enabled || settings.maintenance.readonly.enabled) return undefined

  const message = rules.dryrun ? 'this upload would be purged' : 'purged an upload'
  return schedule({
    interval,
    async run(signal) {
      await purge.run(rules, (upload) => log.info(upload, message), signal)
      if (!rules.dryrun) await removeUnfinished(new Date(Date.now() - rules.age), { signal })
    },
    onError: (error) => log.error({ err: error }, 'purging uploads failed'),
  })
}
