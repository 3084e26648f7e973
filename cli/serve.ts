/** `kura serve [file]`: all wiring is here, from the configuration to the processes that answer. */
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import type { Environment } from '../config/environment.ts'
import { type Loaded, loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { findUnsupported } from '../config/support.ts'
import { createApp } from '../gateway/app.ts'
import { accessLog } from '../gateway/http/access-log.ts'
import { createLog } from '../gateway/http/log.ts'
import { logErrors } from '../gateway/http/log-errors.ts'
import { logRequests } from '../gateway/http/log-requests.ts'
import { createInProcessPool } from '../gateway/pool/in-process.ts'
import { createRegistry, type Registry } from '../registry/app.ts'
import { openFileLeases } from '../registry/leases/files.ts'
import { createInProcessLeases } from '../registry/leases/in-process.ts'
import { openStorage, type StorageChoice } from '../registry/storage/open.ts'
import { schedule } from '../registry/upkeep/schedule.ts'
import { openAccess } from './access.ts'
import { listen } from './listen.ts'
import { rulesFrom } from './rules.ts'
import { supervise } from './supervise.ts'
import { welcome } from './welcome.ts'

type Options = { path: string | undefined; env: Environment; version: string }

export async function serve({ path, env, version }: Options): Promise<void> {
  const loaded = await loadConfig({ ...(path && { path }), env })
  const { config } = loaded
  refuseUnsupported(loaded)
  const log = createLog({ ...config.log, fields: { ...config.log.fields, version } })

  await supervise({
    processes: processesFor(config),
    log,
    drainMs: config.http.draintimeout,
    start: () => startProcess(config, log),
    onReady: () => {
      for (const warning of warningsOf(loaded)) log.warn(warning)
      log.info(`listening on ${config.http.addr}`)
      const isFirstTry = !path && !env.REGISTRY_CONFIGURATION_PATH
      if (isFirstTry) process.stdout.write(welcome(config, version))
    },
  })
}

async function startProcess(config: Config, log: Logger) {
  const choice = storageFrom(config)
  const storage = await openStorage(choice)
  const leases =
    choice.driver === 'filesystem'
      ? await openFileLeases(join(resolve(choice.rootdirectory), 'kura/leases'))
      : createInProcessLeases()
  const registry = createRegistry({
    storage,
    leases,
    rules: rulesFrom(config),
    reportBadLink: (path, found) => log.warn({ path, found }, 'this link is damaged and left out'),
  })
  const access = await openAccess(config, log)
  const lines = config.log.accesslog.disabled ? undefined : accessLog()
  const app = createApp({
    trustedProxies: config.kura.trustedProxies,
    logRequests: logRequests({ log, ...(lines && { access: lines }) }),
    headers: config.http.headers,
    prefix: config.http.prefix,
    policy: access.policy,
    login: access.login,
    tokens: access.tokens ?? [],
    pool: createInProcessPool(registry),
  })
  app.on('error', logErrors(log))

  const server = await listen(app.callback(), { config, log, leases })
  const purging = startPurging(config, registry, log)
  return {
    async stop() {
      await Promise.all([server.drain(), purging?.stop()])
      await Promise.all([access.close(), leases.close(), storage.close()])
    },
  }
}

function startPurging({ storage }: Config, { purge }: Registry, log: Logger) {
  const { enabled, interval, ...rules } = storage.maintenance.uploadpurging
  if (!enabled || storage.maintenance.readonly.enabled) return undefined

  const message = rules.dryrun ? 'this upload would be purged' : 'purged an upload'
  return schedule({
    interval,
    run: (signal) => purge.run(rules, (upload) => log.info(upload, message), signal),
    onError: (error) => log.error({ err: error }, 'purging uploads failed'),
  })
}

/** What lives in the memory of one process cannot be served by several. */
function processesFor(config: Config): number {
  if (config.storage.inmemory) return 1
  return config.kura.processes ?? availableParallelism()
}

function storageFrom({ storage }: Config): StorageChoice {
  if (storage.inmemory) return { driver: 'inmemory' }
  if (storage.filesystem) return { driver: 'filesystem', ...storage.filesystem }
  throw new Error('storage: this driver is not supported yet')
}

function refuseUnsupported({ origins }: Loaded): void {
  const fatal = findUnsupported(origins).filter((it) => it.fatal)
  if (fatal.length > 0) throw new Error(fatal.map((it) => it.message).join('\n'))
}

function warningsOf({ warnings, origins, config }: Loaded): string[] {
  const missing = findUnsupported(origins).map((it) => it.message)
  const open =
    isLoopback(config) || needsLogin(config)
      ? []
      : [`${config.http.addr} is open: whoever reaches it may do everything`]
  return [...warnings, ...missing, ...open]
}

function needsLogin({ auth, kura }: Config): boolean {
  return auth?.htpasswd !== undefined || auth?.token !== undefined || kura.policies !== undefined
}

function isLoopback({ http }: Config): boolean {
  return http.net === 'unix' || /^(?:127\.|localhost:|\[::1\]:)/.test(http.addr)
}
