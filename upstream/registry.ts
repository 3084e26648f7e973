/** Another registry, asked over its API: one of these for each, as its connections, tokens and limits are shared. */
import { createAuthorization } from './access/authorization.ts'
import type { Credentials } from './access/credentials.ts'
import { createBlobs } from './blobs.ts'
import { createLists } from './lists.ts'
import { createManifestPuts } from './manifest-puts.ts'
import { createManifests } from './manifests.ts'
import { createRequests } from './requests.ts'
import { createUploads } from './uploads.ts'
import { createFollow } from './wire/follow.ts'
import { createTransport, type Times, type Trust, usualTimes } from './wire/transport.ts'

export type UpstreamOptions = {
  /** Scheme and host, and a path where the registry's `/v2/` is below one. */
  url: URL
  credentials?: Credentials | undefined
  /** Hosts of token servers that may have the login though they are in another domain: `host` or `host:port`. */
  tokenHosts?: readonly string[] | undefined
  trust?: Trust | undefined
  times?: Partial<Times> | undefined
  /** What the registry sees as the client, such as `kura/1.2`. */
  userAgent: string
  /** The name of this installation: `installationName` of `via.ts`. */
  installation?: string | undefined
}

export type Upstream = ReturnType<typeof createUpstream>

export function createUpstream(options: UpstreamOptions) {
  const { url, credentials, tokenHosts, trust, userAgent, installation } = options
  const transport = createTransport({
    upstream: url,
    times: { ...usualTimes, ...options.times },
    trust,
    hosts: tokenHosts,
  })
  const authorization = createAuthorization({ upstream: url, transport, credentials, tokenHosts })
  const follow = createFollow({ upstream: url, transport, userAgent })
  const { times } = transport
  const requests = createRequests({ upstream: url, times, follow, authorization, installation })
  const manifests = createManifests(requests)

  return {
    /** Its name in messages: the host, and the port where it is not the usual one. */
    name: url.host,
    manifests,
    ...createManifestPuts(requests),
    blobs: createBlobs(requests),
    putBlob: createUploads(requests),
    ...createLists(requests, manifests),
    /** What the last answer that said so told of how often it may be asked. */
    rateLimit: requests.rateLimit,
    /** Ends what is under way. */
    close: transport.close,
  }
}
