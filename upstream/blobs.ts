/** Blobs of a registry, read as streams from any place. */
import type { Readable } from 'node:stream'
import { UpstreamError } from './error.ts'
import { type Call, pathOf, type Requests, scopeOf } from './requests.ts'
import { discard, passOn } from './wire/bodies.ts'
import type { Found } from './wire/follow.ts'
import { headerOf } from './wire/transport.ts'

export type BlobCall = Call & {
  /** The first byte that is wanted. */
  offset?: number
  /** All of its bytes, where the caller knows: another size is an error. */
  size?: number | undefined
  /** How many bytes the blob may have. */
  mostBytes?: number
  /** The same where its size is not known: the stream fails behind so many. */
  mostUnsized?: number
}

export type BlobFound = {
  /** All of its bytes, wherever the stream begins; undefined where the registry does not say. */
  size: number | undefined
  /** Ends with an error unless all bytes came. What they hash to is the reader's to check. */
  body: Readable
}

export function createBlobs(requests: Requests) {
  return {
    /** Undefined where it is not there. */
    async find(repository: string, digest: string, call: Call = {}) {
      const found = await requests.ask({ ...call, ...question('HEAD', repository, digest) })
      discard(found)
      return found.status === 404 ? undefined : { size: lengthOf(found) }
    },

    /** Undefined where it is not there. The body has to be read or destroyed. */
    async open(
      repository: string,
      digest: string,
      call: BlobCall = {},
    ): Promise<BlobFound | undefined> {
      const { offset = 0 } = call
      const headers = offset > 0 ? { range: `bytes=${offset}-` } : undefined
      const found = await requests.ask({ ...call, ...question('GET', repository, digest), headers })
      if (found.status === 404) {
        discard(found)
        return undefined
      }
      try {
        const { upstream, times } = requests
        return bodyOf(found, { ...call, upstream: upstream.host, digest, stallMs: times.stall })
      } catch (error) {
        found.body.on('error', () => {}).destroy()
        throw error
      }
    },
  }
}

type Expected = BlobCall & { upstream: string; digest: string; stallMs: number }

function bodyOf(found: Found, expected: Expected): BlobFound {
  const { upstream, digest, offset = 0, mostBytes = Number.POSITIVE_INFINITY } = expected
  const { mostUnsized = mostBytes } = expected
  const size = requireSize(found, expected)
  if (size !== undefined && size > mostBytes) {
    const text = `${digest} has ${size} bytes, more than the ${mostBytes} bytes allowed`
    throw new UpstreamError('large', upstream, text)
  }
  // A registry may answer with all bytes where some were wanted.
  const skip = found.status === 206 ? 0 : offset
  const part = { ...expected, skip, offset, size, mostBytes: mostUnsized }
  return { size, body: passOn(found, part) }
}

function requireSize(found: Found, { upstream, digest, offset = 0, size }: Expected) {
  const told = found.status === 206 ? sizeOfPart(found, upstream, offset) : lengthOf(found)
  if (size !== undefined && told !== undefined && told !== size) {
    const text = `it has ${told} bytes for ${digest}, which has ${size}`
    throw new UpstreamError('content', upstream, text)
  }
  const known = size ?? told
  if (known === undefined || known >= offset) return known
  throw new UpstreamError('content', upstream, `${digest} ends before ${offset}`)
}

function sizeOfPart(found: Found, upstream: string, offset: number): number {
  const range = headerOf(found, 'content-range') ?? ''
  const [, first, last, size] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(range) ?? []
  if (Number(first) === offset && Number(last) === Number(size) - 1) return Number(size)
  const answer = JSON.stringify(range.slice(0, 100))
  throw new UpstreamError('content', upstream, `it answers ${answer} to a range from ${offset}`)
}

const question = (method: 'GET' | 'HEAD', repository: string, digest: string) => ({
  method,
  to: pathOf(repository, `blobs/${digest}`),
  scopes: scopeOf(repository, 'pull'),
  expects: method === 'GET' ? [200, 206, 404] : [200, 404],
})

function lengthOf(found: Found): number | undefined {
  const length = headerOf(found, 'content-length')
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined
}
