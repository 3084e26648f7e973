/**
 * A client that does not give up: whatever breaks, it asks how far its upload has come and goes on from
 * there. What was acknowledged goes into the ledger, and so does every answer that may not be.
 */
import { Agent } from 'node:http'
import { type Answer, begin, next, receivedBytes } from '../support/http.ts'
import { digestOf, type Image, imageFrom, manifestType } from '../support/image.ts'
import { chunkHeaders } from '../support/push.ts'
import type { Random } from '../support/random.ts'
import type { Ledger } from './ledger.ts'

type Parts = {
  url: string
  repository: string
  random: Random
  ledger: Ledger
  /** Called at every step of the way, where things may be made to go wrong. */
  step: () => void
  /** Resolves once there is somebody to talk to. */
  up: () => Promise<void>
}

/** More often than any run makes a request fail; who exceeds it is stuck. */
const mostTries = 200
const silence = 20_000
/** So many of the last answers are in the error of one who is stuck. */
const remembered = 10

export function createPusher({ url, repository, random, ledger, step, up }: Parts) {
  const agent = new Agent({ keepAlive: true })
  const base = `${url}/v2/${repository}`
  const lastAnswers: string[] = []
  return { push, pull, close: () => agent.destroy() }

  async function push(tags: string[]): Promise<Image> {
    const image = imageFrom(random.bytes(sizeOf(random)), random.bytes(sizeOf(random)))
    for (const blob of [...image.layers, image.config]) await pushBlob(blob)
    for (const tag of tags) await putManifest(tag, image)
    return image
  }

  async function putManifest(tag: string, { manifest, digest }: Image): Promise<void> {
    ledger.tryingTag(repository, tag, digest)
    const options = { headers: { 'Content-Type': manifestType }, body: manifest }
    const answer = await insist(() => send('PUT', `${base}/manifests/${tag}`, options))
    if (expect(answer, 201, `PUT ${tag}`)) ledger.pushedManifest(repository, tag, digest)
  }

  async function pull({ digest, layers }: Image): Promise<void> {
    for (const wanted of [`manifests/${digest}`, ...layers.map((it) => `blobs/${digestOf(it)}`)]) {
      const answer = await insist(() => send('GET', `${base}/${wanted}`))
      const whole = expect(answer, 200, `GET ${wanted}`)
      if (whole && !wanted.endsWith(digestOf(answer.body))) fault(`${wanted} has other bytes`)
    }
  }

  async function pushBlob(bytes: Buffer): Promise<void> {
    const digest = digestOf(bytes)
    const begun = await insist(() => send('POST', `${base}/blobs/uploads/`))
    if (!expect(begun, 202, 'POST')) return
    const upload = next(begun, url)
    // Now and then the last bytes come with the PUT, as the specification allows.
    const patched = random.below(4) === 0 ? random.below(bytes.length) : bytes.length
    let there = 0
    for (let tries = 0; there < patched; tries++) {
      if (tries === mostTries) throw stuck(`${upload} has ${there} of ${patched} bytes`)
      const end = Math.min(patched, there + 1 + random.below(bytes.length))
      there = await patch(upload, bytes, there, end)
    }
    await commit(upload, bytes, patched, digest)
  }

  /** Answers how much is there afterwards, which may be any part of what was sent. */
  async function patch(upload: string, bytes: Buffer, from: number, to: number): Promise<number> {
    const headers = { ...chunkHeaders, 'Content-Range': `${from}-${to - 1}` }
    const answer = await send('PATCH', upload, { headers, body: bytes.subarray(from, to) })
    if (answer?.status === 202) return to
    if (answer && hasOneByte(answer, from)) return 1
    if (answer && !isBusy(answer)) fault(`PATCH ${from}-${to - 1}: ${written(answer)}`)
    return progress(upload, from, to)
  }

  async function progress(upload: string, from: number, to: number): Promise<number> {
    const status = await insist(() => send('GET', upload))
    if (!expect(status, 204, `GET ${upload}`)) throw new Error('an upload was lost')
    const there = receivedBytes(status)
    // A single byte is written like none; sending it again would be out of order.
    if (there < from && from > 1) fault(`${from} bytes were acknowledged, ${there} are there`)
    if (there > to) fault(`${to} bytes were sent, ${there} are there`)
    return there
  }

  async function commit(upload: string, bytes: Buffer, from: number, digest: string) {
    let at = from
    const answer = await insist(async () => {
      const headers = { ...chunkHeaders, 'Content-Range': `${at}-${bytes.length - 1}` }
      const rest = at < bytes.length ? { headers, body: bytes.subarray(at) } : {}
      const put = await send('PUT', `${upload}?digest=${digest}`, rest)
      // The answer got lost, and part of the body perhaps; an upload that is gone has been committed.
      if (!put && at < bytes.length) at = await progressOrEnd(upload, bytes.length)
      if (!put || !hasOneByte(put, at)) return put
      at = 1
      return undefined
    })
    if (expect(answer, 201, `PUT ${digest}`)) ledger.pushedBlob(repository, digest)
  }

  async function progressOrEnd(upload: string, size: number): Promise<number> {
    const status = await insist(() => send('GET', upload))
    return status.status === 404 ? size : receivedBytes(status)
  }

  /** Until there is an answer that says something. */
  async function insist(attempt: () => Promise<Answer | undefined>): Promise<Answer> {
    for (let tries = 0; tries < mostTries; tries++) {
      const answer = await attempt()
      if (answer && !isBusy(answer)) return answer
    }
    throw stuck('nothing but busy or broken off')
  }

  /** Undefined when the connection broke before the answer was complete. */
  async function send(
    method: string,
    target: string,
    { headers, body }: { headers?: Record<string, string>; body?: Buffer } = {},
  ): Promise<Answer | undefined> {
    await up()
    step()
    const { request, answer } = begin(method, target, { agent, ...(headers && { headers }) })
    request.setTimeout(silence, () => {
      fault(`${method} ${target}: nothing was heard for ${silence} ms`)
      request.destroy()
    })
    try {
      if (body) {
        const middle = random.below(body.length)
        request.write(body.subarray(0, middle), step)
        request.end(body.subarray(middle))
      } else request.end()
      const found = await answer
      remember(`${method} ${target}: ${inShort(found)}`)
      if (found.status === 500) fault(`${method} ${target}: ${written(found)}`)
      return found
    } catch (error) {
      remember(`${method} ${target}: ${error}`)
      ledger.brokeOff()
      return undefined
    } finally {
      step()
    }
  }

  function expect(answer: Answer, status: number, what: string): boolean {
    if (answer.status !== status) fault(`${what}: ${written(answer)} instead of ${status}`)
    return answer.status === status
  }

  function remember(answer: string): void {
    lastAnswers.push(answer)
    if (lastAnswers.length > remembered) lastAnswers.shift()
  }

  function stuck(what: string): Error {
    return new Error(
      `${what} after ${mostTries} tries; the last answers:\n${lastAnswers.join('\n')}`,
    )
  }

  function fault(text: string): void {
    ledger.faults.push(`${repository}: ${text}`)
  }
}

/** The status of an upload with one byte is written like that of none: only a chunk that is refused tells. */
function hasOneByte({ status }: Answer, from: number): boolean {
  return status === 416 && from === 0
}

function isBusy({ status }: Answer): boolean {
  return status === 409 || status === 503
}

function written({ status, body }: Answer): string {
  return `${status} ${body.toString()}`
}

/** Without the bytes of what was pulled; an upload says how much of it is there. */
function inShort({ status, headers, body }: Answer): string {
  const said = status < 300 ? (headers.range ?? '') : body.toString()
  return `${status} ${said}`
}

/** Mostly small, sometimes more than one batch of writes. */
function sizeOf(random: Random): number {
  return 2 + random.below(random.below(10) === 0 ? 3_000_000 : 200_000)
}
