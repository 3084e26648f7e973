/** The ways in which Redis may fail, and how each ends; and what a push that was under way hears meanwhile. */
import { expect } from '@jest/globals'
import type { Cleanup } from '../../support/cleanup.ts'
import { next, send } from '../../support/http.ts'
import { imageFrom, manifestType } from '../../support/image.ts'
import { chunkHeaders, expectStatus, pushImage } from '../../support/push.ts'
import { createRandom } from '../../support/random.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import type { Pushed } from './work.ts'

export type Outage = {
  breakIt: (server: RedisServer) => Promise<unknown> | unknown
  /** Answers the server that is there from then on. */
  mendIt: (server: RedisServer, cleanup: Cleanup) => Promise<RedisServer>
}

export const outages: [what: string, outage: Outage][] = [
  [
    'is frozen',
    {
      breakIt: (server) => server.freeze(),
      mendIt: async (server) => {
        server.thaw()
        return server
      },
    },
  ],
  [
    'is killed, and started again empty',
    {
      breakIt: (server) => server.destroy(),
      mendIt: async ({ port }, cleanup) => {
        const server = await startRedis({ port })
        cleanup.add(server.destroy)
        return server
      },
    },
  ],
  [
    'holds back whatever writes',
    {
      breakIt: (server) => server.command('client', 'pause', '3600000', 'write'),
      mendIt: async (server) => {
        await server.command('client', 'unpause')
        return server
      },
    },
  ],
  [
    'asks for another password',
    {
      async breakIt(server) {
        await server.command('config', 'set', 'requirepass', 'new')
        await server.command('-a', 'new', 'client', 'kill', 'type', 'normal')
      },
      mendIt: async (server) => {
        await server.command('-a', 'new', 'config', 'set', 'requirepass', '')
        return server
      },
    },
  ],
  [
    'takes no writes any more',
    {
      breakIt: (server) => server.command('replicaof', '127.0.0.1', '1'),
      mendIt: async (server) => {
        await server.command('replicaof', 'no', 'one')
        return server
      },
    },
  ],
]

/** An image to pull, and an upload that has come half-way. */
export async function prepare(url: string) {
  const random = createRandom(7)
  const steady: Pushed = { repository: 'steady/app', image: imageFrom(random.bytes(100_000)) }
  await pushImage({ url, repository: steady.repository }, 'v1', steady.image)

  const [bytes, half] = [random.bytes(400_000), 150_000]
  const begun = await send('POST', `${url}/v2/${steady.repository}/blobs/uploads/`)
  const part = { headers: chunkHeaders, body: bytes.subarray(0, half) }
  const patched = await send('PATCH', next(begun, url), part)
  expectStatus(patched, 202)
  const location = next(patched, url)
  const upload = (base: string) => base + new URL(location).pathname + new URL(location).search
  return { steady, bytes, half, upload }
}

export type Prepared = Awaited<ReturnType<typeof prepare>>

/**
 * A client that wants to write is asked to come again; nothing is said to be gone; all can be read. One gateway is
 * asked to go on with the upload and the other one to take a manifest: two requests for the same lease would wait one
 * after the other.
 */
export async function expectPatience(urls: readonly string[], prepared: Prepared) {
  const { steady, bytes, half, upload } = prepared
  const [one = '', other = ''] = urls
  const rest = { headers: chunkHeaders, body: bytes.subarray(half) }
  const manifest = { headers: { 'Content-Type': manifestType }, body: steady.image.manifest }
  for (const refused of await Promise.all([
    send('PATCH', upload(one), rest),
    send('PUT', `${other}/v2/${steady.repository}/manifests/v2`, manifest),
  ])) {
    const { code } = JSON.parse(`${refused.body}`).errors[0]
    expect([refused.status, code]).toEqual([503, 'UNAVAILABLE'])
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  }
  for (const url of urls) await expectReadable(url, prepared)
}

async function expectReadable(url: string, { steady, half, upload }: Prepared) {
  const base = `${url}/v2/${steady.repository}`
  const status = await send('GET', upload(url))
  expect([status.status, status.headers.range]).toEqual([204, `0-${half - 1}`])
  for (const path of [
    `${base}/tags/list`,
    `${base}/manifests/v1`,
    `${base}/referrers/${steady.image.digest}`,
    `${url}/v2/_catalog`,
    `${url}/v2/`,
  ]) {
    expect([path, (await send('GET', path)).status]).toEqual([path, 200])
  }
}
