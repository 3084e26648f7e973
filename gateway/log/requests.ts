/**
 * The outermost middleware: names each request, and says what became of it once its response has
 * ended, whether that was the whole answer or the client hanging up.
 */
import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Middleware, ParameterizedContext } from 'koa'
import type { Logger } from 'pino'
import { canonicalAddress } from '../../network/range.ts'
import type { AccessLog, Exchange } from './access-log.ts'
import { goDuration } from './duration.ts'
import { withoutSecrets } from './redact.ts'
import { textWithoutSecrets } from './redact-text.ts'
import { countWritten } from './written.ts'

/** The fields of a request's state that the log reads; other middleware fills them. */
export type LogState = {
  requestId: string
  target?: { kind: string; repository: string; reference: string; action: string }
  /** Nobody's name is undefined. */
  identity?: { name: string | undefined }
}

/** The name of a reference in the log, by the kind of its target. */
const referenceNames: Record<string, string> = {
  manifest: 'vars.reference',
  blob: 'vars.digest',
  referrers: 'vars.digest',
  upload: 'vars.uuid',
}

export function logRequests({
  log,
  access,
  level = 'info',
}: {
  log: Logger
  access?: AccessLog
  level?: 'info' | 'debug'
}): Middleware<LogState> {
  return (ctx, next) => {
    const { req, res, state } = ctx
    state.requestId = randomUUID()
    if (!access && !log.isLevelEnabled(level)) return next()

    const at = Date.now()
    const started = performance.now()
    // Read now: a connection that has closed no longer knows whose it was.
    const address = canonicalAddress(ctx.ip) ?? ctx.ip
    const written = countWritten(res)

    res.once('close', () => {
      const exchange = {
        address,
        user: state.identity?.name,
        at,
        method: ctx.method,
        uri: withoutSecrets(ctx.originalUrl),
        httpVersion: req.httpVersion,
        status: statusOf(res),
        written: written(),
        referer: withoutSecrets(req.headers.referer ?? ''),
        userAgent: textWithoutSecrets(req.headers['user-agent'] ?? ''),
      }
      access?.(exchange)
      if (!log.isLevelEnabled(level)) return
      log[level](fieldsOf(ctx, exchange, performance.now() - started), 'response completed')
    })
    return next()
  }
}

/** Undefined fields are left out of the line. */
function fieldsOf(ctx: ParameterizedContext<LogState>, exchange: Exchange, ms: number) {
  const { target, requestId } = ctx.state
  const fields: Record<string, unknown> = {
    'http.request.id': requestId,
    'http.request.method': exchange.method,
    'http.request.host': withoutSecrets(ctx.host),
    'http.request.uri': exchange.uri,
    'http.request.remoteaddr': exchange.address,
    'http.request.useragent': exchange.userAgent || undefined,
    'http.request.contenttype':
      textWithoutSecrets(ctx.req.headers['content-type'] ?? '') || undefined,
    'http.request.referer': exchange.referer || undefined,
    'http.response.status': exchange.status,
    'http.response.written': exchange.written,
    'http.response.duration': goDuration(ms),
    'http.response.contenttype': ctx.res.getHeader('content-type'),
    'auth.user.name': exchange.user,
    'vars.name': target?.repository || undefined,
  }
  const reference = referenceNames[target?.kind ?? '']
  if (reference) fields[reference] = withoutSecrets(target?.reference ?? '') || undefined
  return fields
}

/** The status that is logged, never sent, when the client left before the end. */
const clientLeft = 499
const signsOfLeaving = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE']

/** An answer that we broke off ourselves keeps its status. */
function statusOf(res: ServerResponse): number {
  if (res.writableFinished) return res.statusCode
  const failure: NodeJS.ErrnoException | null = res.errored
  const ours = failure && !signsOfLeaving.includes(failure.code ?? '')
  return ours ? res.statusCode : clientLeft
}
