/** Failures of the S3 service, told apart by code and status, never by message. */
import { RegistryError } from '../../protocol/errors.ts'

/** Seen on a connection, or before there was one. */
const brokenConnection = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])
const throttled = new Set(['SlowDown', 'RequestTimeout', 'TimeoutError', 'ThrottlingException'])
const badRequests = new Set(['NotImplemented', 'InvalidArgument', 'InvalidRequest'])
const full = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage'])

type Failure = {
  name?: string
  code?: string
  message?: string
  $metadata?: { httpStatusCode?: number }
  $response?: unknown
}

export function failureOf(error: unknown): { code: string; status: number | undefined } {
  const { name = '', code, $metadata } = Object(error) as Failure
  return { code: code && code !== name ? code : name, status: $metadata?.httpStatusCode }
}

function isAbsent(error: unknown): boolean {
  const { name = '', $metadata } = Object(error) as Failure
  return name === 'NoSuchKey' || (name === 'NotFound' && $metadata?.httpStatusCode === 404)
}

/**
 * A change was bound to a version that is not there: 412: there is another one; 409: it is just being
 * changed; 404: it is gone.
 */
export function isElsewise(error: unknown): boolean {
  const { status = 0 } = failureOf(error)
  return status === 412 || status === 409 || isAbsent(error)
}

/** The service does not know what a header of the request asks for. */
export function isNotUnderstood(error: unknown): boolean {
  const { code, status } = failureOf(error)
  return status === 501 || (status === 400 && badRequests.has(code))
}

/** The object is too large to be copied in one step. */
export function isTooLarge(error: unknown): boolean {
  const { code, status = 0 } = failureOf(error)
  return status === 413 || code === 'EntityTooLarge' || code === 'InvalidRequest'
}

export function isUnavailable(error: unknown): boolean {
  const { name = '', code = '', $metadata } = Object(error) as Failure
  const status = $metadata?.httpStatusCode ?? 0
  if (brokenConnection.has(code) || throttled.has(name)) return true
  // 501: a service that does not know a request today will not know it in a minute.
  return status === 429 || (status >= 500 && status !== 501 && status !== 507)
}

/**
 * The failure of one attempt: `EUNAVAILABLE` where a later one may work, `EDQUOT` for a full store, the code
 * of a connection that could not be made. An error of any other kind is left as it is.
 */
export function asStorageError(error: unknown, command: string): unknown {
  // The lease was lost before the request was sent.
  if (error instanceof RegistryError) return error
  const { name = '', message = '', $metadata, $response } = Object(error) as Failure
  if (name === 'AbortError') return error
  const code = codeFor(error)
  if (!code) return error
  const status = $metadata?.httpStatusCode ?? 'no answer'
  const text = `the S3 service failed at ${command}: ${name} ${message} (${status})`
  const failure = Object.assign(new Error(text, { cause: error }), { code })
  // A retry looks there for `Retry-After`; not for logs.
  return Object.defineProperty(failure, '$response', { value: $response })
}

function codeFor(error: unknown): string | undefined {
  const { name = '', code, $metadata } = Object(error) as Failure
  if (full.has(name) || $metadata?.httpStatusCode === 507) return 'EDQUOT'
  if (isUnavailable(error)) return 'EUNAVAILABLE'
  return $metadata ? undefined : code
}

export async function absentIfMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}
