/** Manifests of a registry: their bytes are those of their digest, or they are an error. */
import { algorithmOf, type Digest, digestOf, isDigest } from '../registry/protocol/digest.ts'
import { largestManifest, readStoredManifest } from '../registry/protocol/manifest.ts'
import { knownShape, manifestTypes } from '../registry/protocol/media-types.ts'
import { UpstreamError } from './error.ts'
import { type Call, pathOf, type Requests, scopeOf } from './requests.ts'
import { discard, readWhole } from './wire/bodies.ts'
import type { Found } from './wire/follow.ts'
import { headerOf } from './wire/transport.ts'

export type ManifestHead = { digest: Digest; mediaType: string; size: number | undefined }
export type ManifestFound = { digest: Digest; mediaType: string; bytes: Buffer }

const accept = manifestTypes.join(', ')

export function createManifests(requests: Requests) {
  return { find, get }

  /** What a tag or a digest names, without its bytes; undefined where there is nothing. */
  async function find(
    repository: string,
    reference: string,
    call: Call = {},
  ): Promise<ManifestHead | undefined> {
    const found = await requests.ask({ ...call, ...question('HEAD', repository, reference) })
    discard(found)
    if (found.status === 404) return undefined
    const head = headOf(found)
    if (head) {
      requireSame(requests.upstream.host, reference, head.digest)
      return head
    }
    // Some answer a HEAD with less than the specification wants, or not at all.
    const whole = await get(repository, reference, call)
    return whole && { ...whole, size: whole.bytes.length }
  }

  /** Undefined where there is nothing. */
  async function get(
    repository: string,
    reference: string,
    call: Call = {},
  ): Promise<ManifestFound | undefined> {
    const found = await requests.ask({ ...call, ...question('GET', repository, reference) })
    if (found.status === 404) {
      discard(found)
      return undefined
    }
    const upstream = requests.upstream.host
    const what = `the manifest ${repository}${isDigest(reference) ? '@' : ':'}${reference}`
    const bounds = { upstream, what, mostBytes: largestManifest, wholeMs: requests.times.whole }
    const bytes = await readWhole(found, { ...bounds, signal: call.signal })
    const named = [reference, headerOf(found, 'docker-content-digest') ?? ''].find(isDigest)
    const digest = named ? requireBytes(upstream, bytes, named) : digestOf('sha256', bytes)
    const mediaType = typeOf(found) ?? readStoredManifest(bytes)?.mediaType
    if (mediaType !== undefined) return { digest, mediaType, bytes }
    throw new UpstreamError('content', upstream, `${what} is no manifest`)
  }
}

const question = (method: 'GET' | 'HEAD', repository: string, reference: string) => ({
  method,
  to: pathOf(repository, `manifests/${reference}`),
  scopes: scopeOf(repository, 'pull'),
  headers: { accept },
  expects: method === 'HEAD' ? [200, 404, 400, 405, 501] : [200, 404],
})

function headOf(found: Found): ManifestHead | undefined {
  const digest = headerOf(found, 'docker-content-digest')
  const mediaType = typeOf(found)
  if (found.status !== 200 || digest === undefined || !isDigest(digest) || !mediaType) {
    return undefined
  }
  const size = headerOf(found, 'content-length')
  return { digest, mediaType, size: size === undefined ? undefined : Number(size) }
}

export function requireBytes(upstream: string, bytes: Uint8Array, digest: Digest): Digest {
  const found = digestOf(algorithmOf(digest), bytes)
  if (found === digest) return digest
  throw new UpstreamError('content', upstream, `it has other bytes for ${digest}: ${found}`)
}

/** A registry that knows sha512 may name the same bytes by sha256. */
function requireSame(upstream: string, reference: string, digest: Digest): void {
  if (!isDigest(reference) || reference === digest) return
  if (algorithmOf(reference) !== algorithmOf(digest)) return
  throw new UpstreamError('content', upstream, `it has ${digest} for ${reference}`)
}

const ownType = /^application\/vnd\.[a-z0-9.+-]+\+(?:json|prettyjws)$/

/** Undefined where the header says nothing of use, such as `application/json`. */
function typeOf(found: Found): string | undefined {
  const header = headerOf(found, 'content-type') ?? ''
  const type = header.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return knownShape(type) || ownType.test(type) ? type : undefined
}
