/**
 * Requests for single objects, which nearly all are: made after the SDK's pattern, with its credentials,
 * but signed and sent here. The SDK's own way takes three to four times the processor time for each.
 */
import type { Agent, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3'
import type { Fence } from '../../driver.ts'
import { asStorageError } from '../errors.ts'
import type { Report, S3Limits, S3Options } from '../options.ts'
import { connectMs } from './client.ts'
import { encodedKey, queryOf } from './encoding.ts'
import { exchange } from './exchange.ts'
import { createPatterns } from './patterns.ts'
import { createRetries } from './retries.ts'
import type { Kind } from './shape.ts'

export type Wanted = {
  key: string
  query?: Record<string, string>
  /** With names in lower case. */
  headers?: Record<string, string>
  body?: Uint8Array | undefined
  signal?: AbortSignal | undefined
  /** Asked before each attempt. */
  fence?: Fence | undefined
  /** For the answer to begin, in milliseconds, where that is not the client's own limit. */
  answerMs?: number
}

type Options = {
  client: S3Client
  agent: Agent
  limits: S3Limits
  settings: S3Options
  writing: Partial<PutObjectCommandInput>
  report: Report
}

/** A clock that is further off is refused. */
const mostSkewMs = 240_000
const nothing = new Uint8Array()

export function createSender(options: Options) {
  const { client, agent, limits, settings, writing, report } = options
  const retries = createRetries({ attempts: limits.attempts, patienceMs: 2 * limits.transfer })
  const { patternOf } = createPatterns({ client, settings, writing })
  const isReporting = settings.loglevel !== 'off'

  return { send }

  /** The answer to GetObject has a body that is to be read or destroyed; others are done. */
  async function send(kind: Kind, wanted: Wanted): Promise<IncomingMessage> {
    wanted.signal?.throwIfAborted()
    const began = performance.now()
    let token = await retries.acquireInitialRetryToken('')
    while (true) {
      const attempts = token.getRetryCount() + 1
      const tell = (status: number | undefined) => {
        const ms = Math.round(performance.now() - began)
        if (isReporting) report('s3', { command: kind, key: wanted.key, status, attempts, ms })
      }
      try {
        const answer = await attempt(kind, wanted)
        tell(answer.statusCode)
        return answer
      } catch (reason) {
        wanted.signal?.throwIfAborted()
        const error = asStorageError(reason, kind)
        token = await retries.refreshRetryTokenForRetry(token, whyOf(error)).catch((last) => {
          tell(statusOf(last))
          throw last
        })
        await wait(token.getRetryDelay(), undefined, { signal: wanted.signal })
      }
    }
  }

  async function attempt(kind: Kind, wanted: Wanted): Promise<IncomingMessage> {
    const { pattern, sign } = await patternOf(kind)
    const { key, query = {}, body } = wanted
    const { method, isEncrypted, hostname, port } = pattern
    const headers: Record<string, string> = { ...pattern.headers, ...wanted.headers }
    if (body) headers['content-length'] = `${body.length}`
    const request = { method, path: `${pattern.path}${encodedKey(key)}`, query, headers }

    const offset = client.config.systemClockOffset
    const signed = await sign(request, new Date(Date.now() + offset), body ?? nothing)
    const search = queryOf(query)
    const path = search ? `${request.path}?${search}` : request.path
    wanted.fence?.check()
    const call = {
      isEncrypted,
      body,
      signal: wanted.signal,
      connectMs,
      answerMs: wanted.answerMs ?? limits.transfer,
      hasBody: kind === 'GetObject',
      fence: wanted.fence,
    }
    try {
      const answer = await exchange({ agent, method, hostname, port, path, headers: signed }, call)
      setClock(client, answer.headers)
      return answer
    } catch (error) {
      setClock(client, headersOf(error))
      const isCorrected = Math.abs(client.config.systemClockOffset - offset) >= mostSkewMs
      throw isCorrected ? Object.assign(error as Error, { isClockCorrected: true }) : error
    }
  }
}

/** From now on in the time of the service. */
function setClock(client: S3Client, { date, age }: Headers): void {
  const time = Date.parse(date ?? '')
  if (!age && !Number.isNaN(time)) client.config.systemClockOffset = time - Date.now()
}

type Headers = IncomingHttpHeaders
type Why = Parameters<ReturnType<typeof createRetries>['refreshRetryTokenForRetry']>[1]

function whyOf(reason: unknown): Why {
  const error = reason as NonNullable<Why['error']>
  const { isClockCorrected } = Object(reason) as { isClockCorrected?: boolean }
  const errorType = isClockCorrected ? 'TRANSIENT' : 'CLIENT_ERROR'
  const seconds = Number(headersOf(reason)['retry-after'])
  if (!(seconds >= 0)) return { error, errorType }
  return { error, errorType, retryAfterHint: new Date(Date.now() + seconds * 1000) }
}

type Failed = {
  cause?: unknown
  $metadata?: { httpStatusCode?: number }
  $response?: { headers: Headers }
}

function statusOf(error: unknown): number | undefined {
  const { cause, $metadata } = Object(error) as Failed
  return ($metadata ?? (Object(cause) as Failed).$metadata)?.httpStatusCode
}

function headersOf(error: unknown): Headers {
  return (Object(error) as Failed).$response?.headers ?? {}
}
