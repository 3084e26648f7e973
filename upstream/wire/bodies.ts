/** The bodies of answers: read whole within bounds, passed on with their length checked, or let go. */
import { Readable } from 'node:stream'
import { type Kind, UpstreamError } from '../error.ts'
import { toUpstreamError } from './failures.ts'
import type { Answer } from './transport.ts'

type Bounds = {
  upstream: string
  what: string
  mostBytes: number
  wholeMs: number
  signal?: AbortSignal | undefined
}

/** Rejects as soon as the answer is longer than `mostBytes`, or not there after `wholeMs`. */
export async function readWhole({ headers, body }: Answer, bounds: Bounds): Promise<Buffer> {
  const { upstream, what, mostBytes, wholeMs, signal } = bounds
  const failure = (kind: Kind, text: string) => new UpstreamError(kind, upstream, `${what} ${text}`)
  const timer = setTimeout(() => body.destroy(failure('timeout', 'did not come in time')), wholeMs)
  const chunks: Buffer[] = []
  let length = Number(headers['content-length'] ?? 0)
  try {
    if (length > mostBytes) throw failure('large', `has ${length} bytes; ${mostBytes} are allowed`)
    length = 0
    for await (const chunk of body) {
      length += chunk.length
      if (length > mostBytes) throw failure('large', `has more than the ${mostBytes} bytes allowed`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } catch (cause) {
    signal?.throwIfAborted()
    throw toUpstreamError({ upstream, host: upstream }, cause)
  } finally {
    clearTimeout(timer)
    body.on('error', () => {}).destroy()
  }
}

/** A short rest is read, so that the connection can be used again; a long or slow one ends it. */
export function discard({ body }: Pick<Answer, 'body'>): void {
  body.on('error', () => {})
  body.dump({ limit: 64 * 1024, signal: AbortSignal.timeout(5000) }).catch(() => {})
}

type Part = {
  upstream: string
  /** Bytes at the beginning that nobody wants. */
  skip: number
  /** Where in the blob the rest begins. */
  offset: number
  /** All bytes of the blob; undefined where nobody says, and then it may have `mostBytes`. */
  size: number | undefined
  mostBytes: number
  stallMs: number
  signal?: AbortSignal | undefined
}

/** Ends with an error unless the blob is whole with what came. Destroying it ends the request. */
export function passOn({ body }: Pick<Answer, 'body'>, part: Part): Readable {
  const stream = Readable.from(checked(body, part), {
    objectMode: false,
    highWaterMark: 256 * 1024,
  })
  // A stream of which nothing was read does not end its source by itself.
  stream.once('close', () => body.on('error', () => {}).destroy())
  return stream
}

async function* checked(body: Answer['body'], part: Part) {
  const { upstream, skip, offset, size, mostBytes, signal } = part
  let [left, passed] = [skip, offset]
  try {
    for await (const chunk of paced(body, part)) {
      const rest = left > 0 ? chunk.subarray(left) : chunk
      left -= chunk.length - rest.length
      passed += rest.length
      if (passed > (size ?? mostBytes)) throw tooLong(upstream, size, mostBytes)
      if (rest.length > 0) yield rest
    }
  } catch (cause) {
    signal?.throwIfAborted()
    throw failureOf(body, upstream, cause)
  }
  if (left > 0 || passed < (size ?? 0)) {
    throw new UpstreamError('cut', upstream, `${passed} of ${size} bytes of the blob came`)
  }
}

/** The reader may throw something of its own into the generator. */
function failureOf(body: Answer['body'], upstream: string, cause: unknown): unknown {
  return cause === body.errored ? toUpstreamError({ upstream, host: upstream }, cause) : cause
}

/** Slower than any line that somebody still uses. */
const leastBytesPerSecond = 1024

/** Ends a body that comes in drops: only the time is counted in which nobody but the registry is waited for. */
async function* paced(body: Answer['body'], { upstream, stallMs }: Part) {
  const least = (stallMs / 1000) * leastBytesPerSecond
  let [waited, came, since] = [0, 0, performance.now()]
  for await (const chunk of body as AsyncIterable<Buffer>) {
    waited += performance.now() - since
    came += chunk.length
    if (waited > stallMs) {
      if (came < least) throw tooSlow(upstream, came, waited)
      waited = 0
      came = 0
    }
    yield chunk
    since = performance.now()
  }
}

function tooSlow(upstream: string, came: number, waited: number) {
  const text = `only ${came} bytes of the blob came in ${Math.round(waited / 1000)} s`
  return new UpstreamError('timeout', upstream, text)
}

function tooLong(upstream: string, size: number | undefined, most: number) {
  if (size !== undefined) {
    return new UpstreamError('content', upstream, `the blob has more than its ${size} bytes`)
  }
  const text = `the blob has more than the ${most} bytes allowed where no length is told`
  return new UpstreamError('large', upstream, text)
}
