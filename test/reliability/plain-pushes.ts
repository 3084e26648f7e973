/**
 * Clients that push one image after the other, each over a connection that it keeps, and that take
 * nothing but success for an answer: no request is ever made again. Their lines are slow: nearly all
 * the time nearly all of them are half-way, and they leave the machine some time for other things.
 */
import { Agent } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, next, send } from '../support/http.ts'
import { digestOf, type Image, imageFrom, manifestType } from '../support/image.ts'
import { chunkHeaders, expectStatus } from '../support/push.ts'
import { createRandom, type Random } from '../support/random.ts'

type Pushed = { place: { url: string; repository: string }; digest: string }
type Client = { url: string; base: string; agent: Agent; random: Random; during: During }
/** Around every request, so that it is known how many there are. */
type During = (request: Promise<Answer>) => Promise<Answer>

const kibibyte = 1024
const sizes = [200, 20 * kibibyte, 200 * kibibyte, 1500 * kibibyte]
/** A body comes in so many pieces, with so many milliseconds between them. */
const [pieces, pause] = [3, 400]

/** Every client begins at once; those that are done push another image until they are told to end. */
export function startPushes(urls: readonly string[], clients: number) {
  const pushed: Pushed[] = []
  const failures: string[] = []
  let requests = 0
  let waiting: { until: number; resolve: () => void } | undefined
  let open = 0
  const during: During = async (request) => {
    requests += 1
    open += 1
    if (waiting && requests >= waiting.until) waiting.resolve()
    return request.finally(() => {
      open -= 1
    })
  }
  let isOver = false
  const running = Array.from({ length: clients }, (_, index) => run(index))

  return {
    /** Resolves when from now on as many requests have begun as there are clients. */
    underWay(): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting = { until: requests + clients, resolve }
      return promise
    },
    /** How many requests have begun and are not over. */
    open: () => open,
    async end() {
      isOver = true
      await Promise.all(running)
      return { pushed, failures, requests }
    },
  }

  async function run(index: number): Promise<void> {
    const agent = new Agent({ keepAlive: true })
    const random = createRandom(index)
    const url = urls[index % urls.length] ?? ''
    for (let turn = 0; turn === 0 || !isOver; turn++) {
      const repository = `client/${index}/${turn}`
      const client = { url, base: `${url}/v2/${repository}`, agent, random, during }
      try {
        const digest = await push(client)
        pushed.push({ place: { url, repository }, digest })
      } catch (error) {
        failures.push(`${repository}: ${error}`)
      }
    }
    agent.destroy()
  }
}

async function push(client: Client): Promise<string> {
  const { random } = client
  const image = imageFrom(random.bytes(random.pick(sizes)), random.bytes(random.pick(sizes)))
  for (const blob of [...image.layers, image.config]) await random.pick(ways)(client, blob)
  await putManifest(client, image)
  return image.digest
}

/** The ways in which clients send a blob: in one request, in two, in chunks. */
const ways = [pushWhole, pushStreamed, pushInChunks]

async function pushWhole(client: Client, bytes: Buffer): Promise<void> {
  await ask(client, 201, 'POST', `${client.base}/blobs/uploads/?digest=${digestOf(bytes)}`, bytes)
}

async function pushStreamed(client: Client, bytes: Buffer): Promise<void> {
  const begun = await ask(client, 202, 'POST', `${client.base}/blobs/uploads/`)
  const patched = await ask(client, 202, 'PATCH', next(begun, client.url), bytes)
  const end = next(patched, client.url, `digest=${digestOf(bytes)}`)
  await ask(client, 201, 'PUT', end)
}

async function pushInChunks(client: Client, bytes: Buffer): Promise<void> {
  const middle = Math.floor(bytes.length / 2)
  const begun = await ask(client, 202, 'POST', `${client.base}/blobs/uploads/`)
  const first = await ask(client, 202, 'PATCH', next(begun, client.url), bytes.subarray(0, middle))
  const second = await ask(client, 202, 'PATCH', next(first, client.url), bytes.subarray(middle))
  await ask(client, 201, 'PUT', next(second, client.url, `digest=${digestOf(bytes)}`))
}

async function putManifest({ base, agent, during }: Client, { manifest }: Image) {
  const headers = { 'Content-Type': manifestType }
  const sent = { agent, headers, body: manifest }
  expectStatus(await during(send('PUT', `${base}/manifests/v1`, sent)), 201)
}

async function ask(
  { agent, during }: Client,
  status: number,
  method: string,
  url: string,
  body?: Buffer,
): Promise<Answer> {
  const headers = { ...chunkHeaders, 'Content-Length': `${body?.length}` }
  const sent = body ? { body: inPieces(body), headers } : {}
  try {
    const answer = await during(send(method, url, { agent, ...sent }))
    expectStatus(answer, status)
    return answer
  } catch (cause) {
    throw new Error(`${method} ${url} (${body?.length ?? 0} bytes): ${cause}`)
  }
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  const size = Math.ceil(bytes.length / pieces)
  for (let at = 0; at < bytes.length; at += size) {
    if (at > 0) await wait(pause)
    yield bytes.subarray(at, at + size)
  }
}
