/**
 * URLs with which clients read objects by themselves. They are signed for the address under which
 * clients know the service, since one that is changed after it was signed is refused.
 */
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { S3Bucket } from '../bucket.ts'
import { endpointOf, type S3Options } from '../options.ts'
import { createClients } from '../wire/client.ts'
import { signUrlV2 } from './presign-v2.ts'

export type UrlOptions = {
  /** The URL of the service for clients, where it is not the one that we use ourselves. */
  redirectendpoint?: string | undefined
  /** How long a URL can be used; what has begun by then goes on. */
  urlLifetimeMs?: number | undefined
}

/** As long as those of registry:2 and :3. */
const usualLifetimeMs = 20 * 60 * 1000

/** Middleware of our own requests; its headers would be signed too, and clients would have to send them. */
const notForClients = ['leavePayloadUnsigned', 'reportCalls']

export function createUrls(options: S3Options & UrlOptions, bucket: S3Bucket) {
  const seconds = Math.ceil((options.urlLifetimeMs ?? usualLifetimeMs) / 1000)
  const forClients = {
    ...options,
    regionendpoint: options.redirectendpoint ?? options.regionendpoint,
  }
  let clients: ReturnType<typeof createClients> | undefined

  return {
    sign: (path: string) => (options.v4auth ? withV4(path) : withV2(path)),
    close() {
      clients?.quick.destroy()
      clients?.slow.destroy()
    },
  }

  async function withV4(path: string): Promise<string> {
    clients ??= createSigningClients()
    const command = new GetObjectCommand(bucket.at(path))
    return getSignedUrl(clients.quick, command, { expiresIn: seconds, signingDate: now() })
  }

  async function withV2(path: string): Promise<string> {
    const { accessKeyId, secretAccessKey, sessionToken } = await bucket.quick.config.credentials()
    return signUrlV2({
      endpoint: endpointOf(forClients) ?? '',
      bucket: bucket.name,
      isBucketInPath: options.forcepathstyle,
      key: bucket.key(path),
      expires: Math.floor(now().getTime() / 1000) + seconds,
      keys: { accessKeyId, secretAccessKey, sessionToken },
    })
  }

  /** They send no request but those that fetch credentials. */
  function createSigningClients() {
    const made = createClients(forClients, () => {})
    for (const name of notForClients) made.quick.middlewareStack.remove(name)
    return made
  }

  /** The time of the service, as its answers to our own requests have shown it. */
  function now(): Date {
    return new Date(Date.now() + bucket.quick.config.systemClockOffset)
  }
}
