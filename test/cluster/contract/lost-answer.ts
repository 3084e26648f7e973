/** The registry has done it, but its answer never arrives; the client asks again, elsewhere. */
import { expect, it } from '@jest/globals'
import { startFaultyService } from '../../registry/storage/s3/faults.ts'
import type { Cleanup } from '../../support/cleanup.ts'
import type { Cluster } from '../../support/cluster.ts'
import { type Answer, next, send } from '../../support/http.ts'
import { digestOf, imageFrom, manifestType } from '../../support/image.ts'
import { chunkHeaders, expectStatus, pullImage, pushBlob } from '../../support/push.ts'
import { createRandom } from '../../support/random.ts'

type Sent = { headers?: Record<string, string>; body?: Buffer }

export function lostAnswer(cleanup: Cleanup, cluster: () => Cluster): void {
  const random = createRandom(10)
  const body = { headers: chunkHeaders }

  /** Each answers the URL to commit to, on any gateway, and what to send there. */
  const rows: [
    title: string,
    method: 'PUT' | 'POST',
    prepare: (base: string, bytes: Buffer) => Promise<{ path: string; sent: Sent }>,
  ][] = [
    [
      'a PUT without a body',
      'PUT',
      async (base, bytes) => {
        const begun = await send('POST', `${base}/blobs/uploads/`)
        const patched = await send('PATCH', next(begun, base), { ...body, body: bytes })
        expectStatus(patched, 202)
        return { path: next(patched, base, `digest=${digestOf(bytes)}`), sent: {} }
      },
    ],
    [
      'a PUT with all the bytes',
      'PUT',
      async (base, bytes) => {
        const begun = await send('POST', `${base}/blobs/uploads/`)
        const path = next(begun, base, `digest=${digestOf(bytes)}`)
        return { path, sent: { ...body, body: bytes } }
      },
    ],
    [
      'a POST with all the bytes',
      'POST',
      async (base, bytes) => {
        const path = `${base}/blobs/uploads/?digest=${digestOf(bytes)}`
        return { path, sent: { ...body, body: bytes } }
      },
    ],
  ]

  async function loseAnswers() {
    const [gateway] = cluster().commands.gateways
    const proxy = await startFaultyService(cleanup, { port: gateway?.port ?? 0 })
    const lose = async (method: string, target: string, sent: Sent) => {
      proxy.plan((request) => (request.method === method ? 'loseAnswer' : undefined))
      const { pathname, search } = new URL(target)
      await expect(send(method, proxy.endpoint + pathname + search, sent)).rejects.toThrow()
    }
    const again = (method: string, target: string, sent: Sent): Promise<Answer> => {
      const { pathname, search } = new URL(target)
      return send(method, `${cluster().urls[1]}${pathname}${search}`, sent)
    }
    return { lose, again }
  }

  it.each(rows)('whose answer got lost succeeds through another gateway: %s', async (...row) => {
    const [title, method, prepare] = row
    const { lose, again } = await loseAnswers()
    const repository = `lost/${title.length}`
    for (const size of [1000, 6_000_000]) {
      const bytes = random.bytes(size)
      const { path, sent } = await prepare(`${cluster().url}/v2/${repository}`, bytes)
      await lose(method, path, sent)
      // And once more, as clients do who give up on that answer too.
      for (let times = 0; times < 2; times++) {
        const answer = await again(method, path, sent)
        expect([answer.status, `${answer.body}`]).toEqual([201, ''])
      }
      for (const url of cluster().urls) {
        const pulled = await send('GET', `${url}/v2/${repository}/blobs/${digestOf(bytes)}`)
        expect([pulled.status, pulled.body.equals(bytes)]).toEqual([200, true])
      }
    }
  })

  it('whose answer got lost succeeds through another gateway: a manifest', async () => {
    const { lose, again } = await loseAnswers()
    const image = imageFrom(random.bytes(1000))
    const place = { url: cluster().url, repository: 'lost/image' }
    for (const bytes of [...image.layers, image.config]) await pushBlob(place, bytes)
    const target = `${place.url}/v2/lost/image/manifests/v1`
    const sent = { headers: { 'Content-Type': manifestType }, body: image.manifest }
    await lose('PUT', target, sent)
    expect((await again('PUT', target, sent)).status).toBe(201)
    for (const url of cluster().urls) {
      expect(await pullImage({ ...place, url }, 'v1')).toBe(image.digest)
    }
  })
}
