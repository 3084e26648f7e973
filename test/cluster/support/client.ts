/**
 * A client without affinity: each request goes over a connection of its own. It notes every answer
 * that may not be. A strict one takes nothing but success; a patient one does what ordinary clients
 * do: it comes again after a broken connection, after `Retry-After`, and goes on where an upload ends.
 */
import { Agent } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, begin, next, receivedBytes, withQuery } from '../../support/http.ts'
import { digestOf, type Image, imageFrom, manifestType } from '../../support/image.ts'
import { chunkHeaders, expectStatus } from '../../support/push.ts'
import type { Random } from '../../support/random.ts'

export type Way = keyof typeof ways
type Body = { headers?: Record<string, string>; body?: Buffer }
type Options = {
  url: string
  /** Whether it comes again. */
  patient?: boolean
  /** The fault of an answer to a patient client, in words. */
  faults?: string[]
  /** Called whenever it has to come again. */
  onAgain?: () => void
}
export type Client = ReturnType<typeof createClient>
/** Of which its layers are made. */
type Making = { random: Random; sizes: readonly number[] }
type Blob = { base: string; bytes: Buffer; digest: string }

const agent = new Agent({ keepAlive: false })
/** A client that tries more often is stuck. */
const mostTries = 100
const silence = 60_000
const pause = 50
/** Of what `Retry-After` asks for: those who come too soon are only asked once more. */
const longestPause = 500

export function createClient({ url, patient = false, faults = [], onAgain }: Options) {
  const client = {
    url,
    ask,
    insist,
    isPatient: patient,
    fault: (text: string) => faults.push(text),
  }
  return {
    pushBlob: (repository: string, bytes: Buffer, way: Way) => {
      const blob = { base: `${url}/v2/${repository}`, bytes, digest: digestOf(bytes) }
      return ways[way](client, blob)
    },
    async pushImage(repository: string, tag: string, { random, sizes }: Making) {
      const image = imageFrom(random.bytes(random.pick(sizes)), random.bytes(random.pick(sizes)))
      for (const bytes of [...image.layers, image.config]) {
        await this.pushBlob(repository, bytes, random.pick(wayNames))
      }
      await this.putManifest(repository, tag, image)
      return image
    },
    async putManifest(repository: string, tag: string, { manifest }: Image) {
      const options = { headers: { 'Content-Type': manifestType }, body: manifest }
      await insist(201, 'PUT', `${url}/v2/${repository}/manifests/${tag}`, options)
    },
    /** Answers the digest of the manifest, once every blob it names has come whole. */
    async pullImage(repository: string, reference: string): Promise<string> {
      const base = `${url}/v2/${repository}`
      const headers = { Accept: manifestType }
      const { body } = await insist(200, 'GET', `${base}/manifests/${reference}`, { headers })
      const { config, layers } = JSON.parse(body.toString()) as Named
      for (const { digest } of [config, ...layers]) {
        const blob = await insist(200, 'GET', `${base}/blobs/${digest}`)
        if (digestOf(blob.body) !== digest) throw new Error(`${digest} came as other bytes`)
      }
      return digestOf(body)
    },
  }

  /** Until there is an answer that says something; throws when that is not `status`. */
  async function insist(status: number, method: string, target: string, sent: Body = {}) {
    for (let tries = 1; ; tries++) {
      const answer = await ask(method, target, sent)
      if (answer) {
        if (answer.status === status) return answer
        throw new Error(`${method} ${target}: ${answer.status} ${answer.body}`)
      }
      if (tries === mostTries) throw new Error(`${method} ${target}: nothing after ${tries} tries`)
    }
  }

  /** Undefined where a patient client has to come again. */
  async function ask(method: string, target: string, { headers, body }: Body = {}) {
    const { request, answer } = begin(method, target, { agent, ...(headers && { headers }) })
    request.setTimeout(silence, () => {
      faults.push(`${method} ${target}: nothing was heard for ${silence} ms`)
      request.destroy()
    })
    request.end(body)
    const found = patient ? await answer.catch(() => undefined) : await answer
    if (!patient || (found && !isTemporary(found))) return found
    onAgain?.()
    await wait(found ? retryAfter(method, target, found) : pause)
    return undefined
  }

  function retryAfter(method: string, target: string, { status, headers }: Answer): number {
    const seconds = Number(headers['retry-after'])
    if (seconds > 0) return Math.min(seconds * 1000, longestPause)
    faults.push(`${method} ${target}: ${status} without Retry-After`)
    return pause
  }
}

type Named = { config: { digest: string }; layers: { digest: string }[] }
type Asking = {
  url: string
  ask: (method: string, target: string, sent?: Body) => Promise<Answer | undefined>
  insist: (status: number, method: string, target: string, sent?: Body) => Promise<Answer>
  fault: (text: string) => void
}

const ways = { single, monolithic, streamed, chunked }
const wayNames = Object.keys(ways) as Way[]

/** POST with everything. */
async function single({ insist }: Asking, { base, bytes, digest }: Blob): Promise<void> {
  const sent = { headers: chunkHeaders, body: bytes }
  await insist(201, 'POST', `${base}/blobs/uploads/?digest=${digest}`, sent)
}

/** POST, then PUT with everything. */
async function monolithic(client: Asking, blob: Blob): Promise<void> {
  await commit(client, blob, await start(client, blob))
}

/** POST, PATCH with everything, PUT: as engines do. */
async function streamed(client: Asking, blob: Blob): Promise<void> {
  const begun = await start(client, blob)
  await commit(client, blob, await fill(client, blob, begun, [blob.bytes.length]))
}

/** POST, three PATCHes with their ranges, the rest with the PUT. */
async function chunked(client: Asking, blob: Blob): Promise<void> {
  const begun = await start(client, blob)
  const ends = [1, 2, 3].map((count) => Math.floor((blob.bytes.length * count) / 4))
  await commit(client, blob, await fill(client, blob, begun, ends))
}

/** Where an upload goes on, which each answer says anew, and with which byte. */
type Progress = { target: string; there: number }

async function start({ insist, url }: Asking, { base }: Blob): Promise<Progress> {
  return { target: next(await insist(202, 'POST', `${base}/blobs/uploads/`), url), there: 0 }
}

/** Up to each of `ends` in turn; what of a chunk got lost is sent again. */
async function fill(client: Asking, { bytes }: Blob, begun: Progress, ends: number[]) {
  let now = begun
  let isUnsure = false
  for (const end of ends) {
    while (now.there < end) {
      const headers = { ...chunkHeaders, 'Content-Range': `${now.there}-${end - 1}` }
      const body = bytes.subarray(now.there, end)
      const found = await client.ask('PATCH', now.target, { headers, body })
      const answer: Answer | undefined = wasOvertaken(found, isUnsure) ? undefined : found
      isUnsure ||= !answer
      if (answer) expectStatus(answer, 202)
      now = answer
        ? { target: next(answer, client.url), there: end }
        : await progress(client, now, end)
    }
  }
  return now
}

/** A request that got no answer may be carried out late, after it was asked how far the upload is. */
const wasOvertaken = (answer: Answer | undefined, isUnsure: boolean) =>
  isUnsure && answer?.status === 416

/** Nothing that was acknowledged may be missing, and nothing may be there that was not sent. */
async function progress(
  { insist, fault, url }: Asking,
  { target, there: from }: Progress,
  to: number,
) {
  const status = await insist(204, 'GET', target)
  const there = receivedBytes(status)
  // A single byte is written like none.
  if ((there < from && from > 1) || there > to) {
    fault(`${target}: ${there} bytes are there, of ${from} acknowledged and ${to} sent`)
  }
  return { target: next(status, url), there }
}

async function commit(client: Asking, { bytes, digest }: Blob, filled: Progress) {
  let now = filled
  for (let tries = 0; tries < mostTries; tries++) {
    const { target, there } = now
    const headers = { ...chunkHeaders, 'Content-Range': `${there}-${bytes.length - 1}` }
    const rest = there < bytes.length ? { headers, body: bytes.subarray(there) } : {}
    const answer = await client.ask('PUT', withQuery(target, `digest=${digest}`), rest)
    if (answer) return expectStatus(answer, 201)
    if (there < bytes.length) now = await progressOrEnd(client, now, bytes.length)
  }
  throw new Error(`${now.target}: nothing after ${mostTries} tries`)
}

/** An upload that is gone has been committed, and the PUT will say so when it is made again. */
async function progressOrEnd({ ask, url }: Asking, { target }: Progress, size: number) {
  for (let tries = 0; tries < mostTries; tries++) {
    const answer = await ask('GET', target)
    if (answer?.status === 404) return { target, there: size }
    if (answer) return { target: next(answer, url), there: receivedBytes(answer) }
  }
  throw new Error(`${target}: nothing after ${mostTries} tries`)
}

function isTemporary({ status }: Answer): boolean {
  return status === 409 || status === 503
}
