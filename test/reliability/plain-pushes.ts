/**
 * Clients that push one image after the other, each over a connection that it keeps, and that take
 * nothing but success for an answer: no request is ever made again.
 */
import { Agent } from 'node:http'
import { type Answer, next, send } from '../support/http.ts'
import { digestOf, type Image, imageFrom, manifestType } from '../support/image.ts'
import { chunkHeaders, expectStatus } from '../support/push.ts'
import { createRandom, type Random } from '../support/random.ts'

type Pushed = { place: { url: string; repository: string }; digest: string }
type Client = { url: string; base: string; agent: Agent; random: Random; onRequest: () => void }

const kibibyte = 1024
const sizes = [200, 20 * kibibyte, 200 * kibibyte, 1500 * kibibyte]

/** Every client begins at once; those that are done push another image until they are told to end. */
export function startPushes(urls: readonly string[], clients: number) {
  const pushed: Pushed[] = []
  const failures: string[] = []
  let requests = 0
  let waiting: { until: number; resolve: () => void } | undefined
  const onRequest = () => {
    requests += 1
    if (waiting && requests >= waiting.until) waiting.resolve()
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
      const client = { url, base: `${url}/v2/${repository}`, agent, random, onRequest }
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

async function putManifest({ base, agent, onRequest }: Client, { manifest }: Image) {
  onRequest()
  const headers = { 'Content-Type': manifestType }
  expectStatus(await send('PUT', `${base}/manifests/v1`, { agent, headers, body: manifest }), 201)
}

async function ask(
  { agent, onRequest }: Client,
  status: number,
  method: string,
  url: string,
  body?: Buffer,
): Promise<Answer> {
  onRequest()
  const sent = body ? { body, headers: chunkHeaders } : {}
  try {
    const answer = await send(method, url, { agent, ...sent })
    expectStatus(answer, status)
    return answer
  } catch (cause) {
    throw new Error(`${method} ${url} (${body?.length ?? 0} bytes): ${cause}`)
  }
}
