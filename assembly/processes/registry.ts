/** The registry of one process, with what it rests on and what it does from time to time. */
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import { createRegistry, type Registry } from '../../registry/app.ts'
import type { CallContext } from '../../registry/http/context.ts'
import type { OpenedStorage } from '../../registry/storage/open.ts'
import { schedule } from '../../registry/upkeep/schedule.ts'
import { createCarrier } from '../../registry/uploads/bucket/signed-state.ts'
import { installationOf } from '../installation.ts'
import { type MirrorConfig, mirrorsFrom } from '../mirrors.ts'
import { rulesFrom } from '../rules.ts'
import { findUploadSecret } from '../shared-secret.ts'
import { openStorageOf } from '../storage.ts'
import type { Given } from './shared.ts'
import { openShared } from './shared.ts'

export async function openRegistry(config: Config, log: Logger, given: Given) {
  const { folder, secret } = given
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
  const mirror = await startMirror(config, { registry, given, log })
  const purging = startPurging(config, { ...opened, purge: registry.purge, log })

  return {
    registry: { ...registry, handle: mirror?.handle ?? registry.handle },
    redis,
    leases,
    async close() {
      await Promise.all([purging?.stop(), mirror?.stop()])
      await Promise.all([close(), storage.close()])
    },
  }
}

type Mirroring = { registry: Registry; given: Given; log: Logger }

/** Loaded where it is wanted alone. What is read only cannot keep what it fetches, so it serves what it may of what it has. */
async function startMirror(config: Config, { registry, given, log }: Mirroring) {
  const mirrors = mirrorsFrom(config)
  if (mirrors.length === 0) return undefined
  if (config.storage.maintenance.readonly.enabled) return keepGuard(mirrors, registry)
  const { runMirror } = await import('../run-mirror.ts')
  return runMirror(config, {
    ...{ mirrors, registry, log, folder: given.folder },
    installation: installationOf(config, given),
  })
}

async function keepGuard(mirrors: readonly MirrorConfig[], { handle }: Registry) {
  const { createGuard } = await import('../../mirror/guard.ts')
  const guard = createGuard(mirrors.map(({ settings }) => settings))
  return {
    async handle(ctx: CallContext): Promise<void> {
      guard(ctx)
      await handle(ctx)
    },
    async stop(): Promise<void> {},
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
