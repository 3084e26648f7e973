/** One upload, each step of which another node does. */
import { expect, it } from '@jest/globals'
import { type Cluster, partSize } from '../../support/cluster.ts'
import { next, send, withQuery } from '../../support/http.ts'
import { digestOf } from '../../support/image.ts'
import { inLength } from '../../support/length.ts'
import { chunkHeaders, expectStatus } from '../../support/push.ts'
import { createRandom } from '../../support/random.ts'
import { createNode } from '../support/node.ts'

const algorithms = ['sha256', 'sha512'] as const
const small = 300_000
/** More than two parts on S3, and ending within one. */
const large = 2 * partSize + 1_234_567

type Row = [title: string, algorithm: (typeof algorithms)[number], chunks: number[], last: number]

const sizes: [title: string, chunks: number[], last: number][] = [
  ['small chunks', [small, small], 0],
  ['small chunks, the last with the PUT', [small, small], small],
  ['large chunks', [large, large], 0],
  ['large chunks, the last with the PUT', [large, 10], large],
  ['parts exactly', [partSize, 2 * partSize], 0],
]
const all = algorithms.flatMap((algorithm) =>
  sizes.map(([title, chunks, last]): Row => [`${title}, ${algorithm}`, algorithm, chunks, last]),
)
/** The algorithm has no part in how large a chunk is. */
const few = all.filter(([, algorithm, chunks, last]) => {
  return algorithm === 'sha256' || (chunks[0] === large && last > 0)
})
const rows = inLength({ short: few, long: all })

export function splitUpload(cluster: () => Cluster): void {
  it.each(rows)('an upload goes from node to node: %s', async (title, algorithm, chunks, last) => {
    const total = chunks.reduce((sum, size) => sum + size, last)
    const bytes = createRandom(title.length).bytes(total)
    const digest = digestOf(bytes, algorithm)
    const node = (index: number) => createNode(cluster(), index)
    const base = `/v2/split/${algorithm}/blobs`

    const begun = await node(2).ask('POST', `${base}/uploads/?digest-algorithm=${algorithm}`)
    expectStatus(begun, 202)
    let upload = next(begun, node(0).url)
    let at = 0
    for (const [index, size] of chunks.entries()) {
      const headers = { ...chunkHeaders, 'Content-Range': `${at}-${at + size - 1}` }
      const body = bytes.subarray(at, at + size)
      const patched = await node(index).ask('PATCH', upload, { headers, body })
      expectStatus(patched, 202)
      at += size
      expect(patched.headers.range).toBe(`0-${at - 1}`)
      // Every node knows it, and takes nothing that does not fit.
      const status = await node(index + 2).ask('GET', upload)
      expect([status.status, status.headers.range]).toEqual([204, `0-${at - 1}`])
      const again = await node(index + 1).ask('PATCH', upload, {
        headers,
        body: body.subarray(0, 1),
      })
      expect([400, 416]).toContain(again.status)
      upload = next(patched, node(0).url)
    }
    const target = `${upload}${upload.includes('?') ? '&' : '?'}digest=${digest}`
    const rest = last > 0 ? { headers: chunkHeaders, body: bytes.subarray(at) } : {}
    expectStatus(await node(2).ask('PUT', target, rest), 201)
    // A client that has not heard it asks again, wherever.
    expectStatus(await node(0).ask('PUT', target), 201)

    for (const url of cluster().urls) {
      const pulled = await send('GET', `${url}${base}/${digest}`)
      expect([pulled.status, digestOf(pulled.body, algorithm)]).toEqual([200, digest])
    }
  })

  it('an upload that turns out to be something else is refused, wherever it ends', async () => {
    const node = (index: number) => createNode(cluster(), index)
    const bytes = createRandom(5).bytes(small)
    const begun = await node(0).ask('POST', '/v2/split/wrong/blobs/uploads/')
    const upload = next(begun, node(0).url)
    expectStatus(await node(1).ask('PATCH', upload, { headers: chunkHeaders, body: bytes }), 202)
    const wrong = digestOf(bytes.subarray(1))
    const answer = await node(2).ask('PUT', withQuery(upload, `digest=${wrong}`))
    expect([answer.status, JSON.parse(`${answer.body}`).errors[0].code]).toEqual([
      400,
      'DIGEST_INVALID',
    ])
    for (const url of cluster().urls) {
      expect((await send('HEAD', `${url}/v2/split/wrong/blobs/${wrong}`)).status).toBe(404)
    }
  })
}
