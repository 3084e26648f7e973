/** A process that meets the clients, and knows some way to a registry. */
import type { Config } from '../../config/schema.ts'
import { createRefusals } from '../../gateway/access/refusal-lines.ts'
import { createApp } from '../../gateway/app.ts'
import { accessLog } from '../../gateway/log/access-log.ts'
import { logErrors } from '../../gateway/log/errors.ts'
import { logEvents } from '../../gateway/log/events.ts'
import { logRequests } from '../../gateway/log/requests.ts'
import type { Pool } from '../../gateway/pool/pool.ts'
import type { Leases } from '../../registry/leases/lease.ts'
import { type Ask, askOf } from '../../supervisor/asking.ts'
import type { Running } from '../../supervisor/supervised.ts'
import type { EntranceParts } from '../access/entrance.ts'
import { openAccess } from '../access/open.ts'
import { listen } from '../listeners/listen.ts'
import { mirroredNames } from '../mirrored-names.ts'
import type { Logs } from './shared.ts'
import { openSharedEvents } from './shared-events.ts'

type Parts = Logs &
  Pick<EntranceParts, 'guesses' | 'secret' | 'folder'> & {
    /** Whether nobody configured the log, so that it has a line an event instead of one a request. */
    brief: boolean | undefined
    ask: Ask
    /** The name of this installation, as upstreams see it. */
    installation: string
    leases: Leases
    pool: Pool
  }

export async function openGateway(config: Config, parts: Parts): Promise<Running> {
  const { log, notices, leases, pool, brief, ask } = parts
  const refusals = createRefusals({ log })
  const report = { reportRefusal: refusals.report }
  const { middleware: mirrored, nameHere } = mirroredNames(config, parts.installation)
  const access = await openAccess(config, { ...parts, nameHere, log: notices, ...report })
  const lines = brief || config.log.accesslog.disabled ? undefined : accessLog()
  const events = brief
    ? logEvents({ log, memory: openSharedEvents(askOf(ask, 'events')) })
    : undefined
  const app = createApp({
    trustedProxies: config.kura.trustedProxies,
    logRequests: logRequests({
      log,
      level: brief ? 'debug' : 'info',
      ...(lines && { access: lines }),
    }),
    logEvents: events?.middleware,
    headers: config.http.headers,
    host: config.http.host,
    relative: config.http.relativeurls,
    prefix: config.http.prefix,
    mirrored,
    policy: access.policy,
    login: access.login,
    tokens: access.tokens ?? [],
    reportDenial: refusals.report,
    pool,
  })
  app.on('error', logErrors(log))
  const server = await listen(app.callback(), { config, log, notices, leases })

  return {
    async stop(how) {
      await server.stop(how)
      await access.close()
      refusals.close()
      await events?.close()
    },
  }
}
