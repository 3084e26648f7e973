/**
 * Clients of the S3 service: where it is, who we are, and limits of time where the SDK has none. What
 * the SDK adds by default and other services than Amazon's choke on is left out: checksums in trailers
 * and `Expect: 100-continue`.
 */
import { Agent } from 'node:http'
import { Agent as EncryptedAgent } from 'node:https'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { asStorageError } from '../errors.ts'
import { endpointOf, type Report, type S3Limits, type S3Options, usualLimits } from '../options.ts'
import { createRetries } from './retries.ts'
import { createSignerV2 } from './signature-v2.ts'

export const connectMs = 2000
/** For services that have no regions: something has to be signed. */
const anyRegion = 'us-east-1'

type S3Clients = { quick: S3Client; slow: S3Client }

/** `quick` is for what is answered at once, `slow` for bytes in bulk; neither waits for the other. */
export function createClients(options: S3Options, report: Report): S3Clients {
  const { quick, slow } = limitsOf(options)
  return {
    quick: createClient(options, quick, report),
    slow: createClient(options, slow, report),
  }
}

export function limitsOf(options: S3Options): { quick: S3Limits; slow: S3Limits } {
  const limits = options.limits ?? usualLimits
  return { quick: { ...limits, transfer: limits.answer }, slow: limits }
}

/** Connections of their own, for requests that are not the SDK's. */
export function createAgent(options: S3Options): Agent {
  const { sockets } = options.limits ?? usualLimits
  const common = { keepAlive: true, maxSockets: sockets }
  if (!isEncrypted(options)) return new Agent(common)
  return new EncryptedAgent({ ...common, rejectUnauthorized: !options.skipverify })
}

function createClient(options: S3Options, limits: S3Limits, report: Report): S3Client {
  const agent = { keepAlive: true, maxSockets: limits.sockets }
  const client = new S3Client({
    ...location(options),
    ...credentials(options),
    ...(options.useragent && { customUserAgent: options.useragent }),
    ...(!options.v4auth && { signer: createSignerV2(options, () => client.config.credentials()) }),
    retryStrategy: createRetries({ attempts: limits.attempts, patienceMs: 2 * limits.transfer }),
    maxAttempts: limits.attempts,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: connectMs,
      requestTimeout: limits.transfer,
      throwOnRequestTimeout: true,
      // A body is watched where it is read: there, waiting for a slow client is no fault.
      socketTimeout: 0,
      logger: { debug() {}, info() {}, warn: report, error: report },
      httpAgent: agent,
      httpsAgent: { ...agent, rejectUnauthorized: !options.skipverify },
    },
  })
  translateErrors(client)
  if (options.v4auth && isEncrypted(options)) leavePayloadUnsigned(client)
  if (options.loglevel !== 'off') reportCalls(client, report)
  return client
}

function location(options: S3Options): Partial<S3ClientConfig> {
  const endpoint = endpointOf(options)
  const common = { region: options.region ?? anyRegion, forcePathStyle: options.forcepathstyle }
  if (endpoint) return { ...common, endpoint }
  return {
    ...common,
    tls: options.secure,
    useDualstackEndpoint: options.usedualstack,
    useAccelerateEndpoint: options.accelerate,
    useFipsEndpoint: options.usefipsendpoint,
  }
}

/** Without keys, what the environment offers: variables, a profile, the role of a machine or pod. */
function credentials({ accesskey, secretkey }: S3Options): Partial<S3ClientConfig> {
  if (!accesskey || !secretkey) return {}
  return { credentials: { accessKeyId: accesskey, secretAccessKey: secretkey } }
}

function isEncrypted(options: S3Options): boolean {
  return endpointOf(options)?.startsWith('https:') ?? options.secure
}

/** Within each attempt, so that what is tried again and what is unavailable are the same. */
function translateErrors(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName = 'a request' }) =>
      async (args) => {
        try {
          return await next(args)
        } catch (error) {
          throw asStorageError(error, commandName.replace(/Command$/, ''))
        }
      },
    { step: 'finalizeRequest', name: 'translateErrors' },
  )
}

/** TLS already sees to it that bytes arrive as they left; hashing them once more costs as much. */
function leavePayloadUnsigned(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> }
      headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'
      return next(args)
    },
    { step: 'build', name: 'leavePayloadUnsigned' },
  )
}

/** One line for each call. Of the input only the key, since the rest may hold secrets or layers. */
function reportCalls(client: S3Client, report: Report): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const began = performance.now()
        const { Key: key } = args.input as { Key?: string }
        const tell = (found: unknown) => {
          const { $metadata = {} } = Object(found) as { $metadata?: Record<string, unknown> }
          const { httpStatusCode: status, attempts } = $metadata
          const ms = Math.round(performance.now() - began)
          report('s3', { command: commandName, key, status, attempts, ms })
        }
        try {
          const result = await next(args)
          tell(result.output)
          return result
        } catch (error) {
          tell(error)
          throw error
        }
      },
    { step: 'initialize', name: 'reportCalls' },
  )
}
