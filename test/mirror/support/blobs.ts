/** Blobs at an upstream, sent half and then held back, and clients that see an answer begin. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { digestOf } from '../../support/image.ts'
import { pushBlob } from '../../support/push.ts'
import type { Upstream } from './upstream.ts'

export const size = 6 * 1024 * 1024

export async function pushRandom(upstream: Upstream) {
  const bytes = randomBytes(size)
  await pushBlob({ url: upstream.registry.url, repository: 'app' }, bytes)
  return { bytes, digest: digestOf(bytes) }
}

export const urlOf = ({ url }: { url: string }, digest: string) =>
  `${url}/v2/up/app/blobs/${digest}`

export const blobsAsked = (upstream: Upstream) =>
  upstream.asked().filter((it) => /^GET .*\/blobs\//.test(it))

/** Sends half of each blob, and the rest once it is let go. */
export function holdHalf(upstream: Upstream) {
  const half = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  upstream.sendBlobs(async (body, answer) => {
    const rest = await sendHalf(body, answer)
    half.resolve()
    await go.promise
    for await (const chunk of rest) await written(answer, chunk)
    answer.end()
  })
  return { half: half.promise, go: go.resolve }
}

type Answer = { write(chunk: Uint8Array, done: () => void): unknown }

/** Answers the rest. */
export async function sendHalf(body: AsyncIterable<Uint8Array>, answer: Answer) {
  const bytes = body[Symbol.asyncIterator]()
  let sent = 0
  while (sent < size / 2) {
    const { value, done } = await bytes.next()
    if (done) break
    await written(answer, value)
    sent += value.length
  }
  return { [Symbol.asyncIterator]: () => bytes }
}

const written = (answer: Answer, chunk: Uint8Array) =>
  new Promise<void>((resolve) => void answer.write(chunk, resolve))

/** An answer of which the head has come. */
export async function begin(url: string, headers = {}) {
  const request = get(url, { headers })
  request.on('error', () => {})
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  return { request, answer }
}

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20))
}
