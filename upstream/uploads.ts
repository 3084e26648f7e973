/** Blobs sent to a registry: mounted from another repository of it, in one request, or gone on with where a try broke off. */
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import type { Digest } from '../registry/protocol/digest.ts'
import { UpstreamError } from './error.ts'
import { ownAddress } from './pages.ts'
import { type Asked, type Call, pathOf, type Requests } from './requests.ts'
import { discard } from './wire/bodies.ts'
import type { Found } from './wire/follow.ts'
import { headerOf } from './wire/transport.ts'

export type BlobToPut = {
  digest: Digest
  size: number
  /** The bytes from `offset` on; called again for each try. */
  open: (offset: number) => AsyncIterable<Uint8Array> | Readable
  /** Another repository of the registry that may hold the blob. */
  mountFrom?: string | undefined
}

/** Larger ones are sent apart from the request that ends the upload, so that a broken one can go on. */
const mostAtOnce = 1024 * 1024
const mostTries = 5
const firstWaitMs = 100

export function createUploads(requests: Requests) {
  /** Resolves once the registry has the blob and has compared its digest. */
  return async function put(repository: string, blob: BlobToPut, call: Call = {}): Promise<void> {
    const { digest, size, mountFrom } = blob
    const others = mountFrom === undefined ? [] : [`repository:${mountFrom}:pull`]
    const scopes = [`repository:${repository}:pull,push`, ...others]
    const ask = async (asked: Omit<Asked, 'scopes'>) => {
      const found = await requests.ask({ ...call, ...asked, scopes })
      discard(found)
      return found
    }
    const query =
      mountFrom === undefined ? '' : `?${new URLSearchParams({ mount: digest, from: mountFrom })}`
    const to = pathOf(repository, `blobs/uploads/${query}`)
    const begun = await ask({ method: 'POST', to, expects: [201, 202] })
    if (begun.status === 201) return
    const upload = { place: placeOf(requests, begun), at: 0 }
    if (size > mostAtOnce) await sendInPieces(ask, { requests, upload, blob, signal: call.signal })
    upload.place.searchParams.set('digest', digest)
    const rest = size - upload.at
    await ask({
      method: 'PUT',
      to: upload.place,
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(rest) },
      ...(rest > 0 && { body: () => blob.open(upload.at) }),
      expects: [201],
    })
  }
}

type Ask = (asked: Omit<Asked, 'scopes'>) => Promise<Found>
type Upload = { place: URL; at: number }
type Work = {
  requests: Requests
  upload: Upload
  blob: BlobToPut
  signal: AbortSignal | undefined
}

/** After a failure the registry is asked how much it has; only tries that bring nothing are counted. */
async function sendInPieces(ask: Ask, work: Work): Promise<void> {
  const { upload, blob } = work
  let tries = 0
  while (upload.at < blob.size) {
    const from = upload.at
    try {
      await sendRest(ask, work)
    } catch (error) {
      await setTimeout(firstWaitMs * 2 ** tries, undefined, { signal: work.signal })
      await findOut(ask, work, error)
      tries = upload.at > from ? 0 : tries + 1
      if (tries >= mostTries) throw error
    }
  }
}

async function sendRest(ask: Ask, { requests, upload, blob }: Work): Promise<void> {
  const { place, at } = upload
  const found = await ask({
    method: 'PATCH',
    to: place,
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(blob.size - at),
      'content-range': `${at}-${blob.size - 1}`,
    },
    body: () => blob.open(at),
    expects: [202],
  })
  upload.place = placeOf(requests, found)
  upload.at = blob.size
}

/** Rejects with `error` where no other try is of use. */
async function findOut(ask: Ask, { requests, upload }: Work, error: unknown): Promise<void> {
  if (!isWorthAnotherTry(error)) throw error
  const found = await ask({ method: 'GET', to: upload.place, expects: [202, 204, 400, 404, 409] })
  // The request that broke off is still being ended there.
  if (found.status === 409) return
  // docker-registry forgets an upload that broke off: another one has to begin.
  if (found.status >= 400) throw error
  upload.place = placeOf(requests, found)
  // The one byte that is there is written as none is: only a chunk from the beginning that was refused tells.
  const hasOne = error instanceof UpstreamError && error.status === 416 && upload.at === 0
  upload.at = receivedOf(found) || (hasOne ? 1 : 0)
}

/** 409 and 416: what the registry said of the upload was true of the moment before. */
function isWorthAnotherTry(error: unknown): boolean {
  if (!(error instanceof UpstreamError)) return false
  return ['cut', 'timeout', 'fault'].includes(error.kind) || [409, 416].includes(error.status ?? 0)
}

/** `0-0` is what an empty upload answers, and one of a single byte. */
function receivedOf(found: Found): number {
  const last = Number(/^(?:bytes=)?0-(\d{1,15})$/.exec(headerOf(found, 'range') ?? '')?.[1] ?? 0)
  return last === 0 ? 0 : last + 1
}

function placeOf({ upstream }: Requests, found: Found): URL {
  const place = ownAddress(upstream, headerOf(found, 'location') ?? '', found.url)
  if (place) return place
  throw new UpstreamError('redirect', upstream.host, 'it wants uploads to be sent elsewhere')
}
