/** What nodes with a mirror promise on any storage that they share. */
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from '@jest/globals'
import { begin, blobsAsked, holdHalf, pushRandom, urlOf } from '../../mirror/support/blobs.ts'
import type { Upstream } from '../../mirror/support/upstream.ts'
import type { Cluster } from '../../support/cluster.ts'
import { send } from '../../support/http.ts'
import { digestOf } from '../../support/image.ts'
import { inLength } from '../../support/length.ts'
import { pushBlob } from '../../support/push.ts'

const [pulls, size] = inLength({ short: [12, 10_000_000], long: [50, 200_000_000] })

/** The variables of a mirror of `upstream`, for all commands of a cluster. */
export const mirrors = (upstream: Upstream) => ({
  REGISTRY_KURA_MIRRORS_0_REMOTEURL: upstream.url,
  REGISTRY_KURA_MIRRORS_0_PREFIX: 'up',
})

type Given = () => { cluster: Cluster; upstream: Upstream }

export function mirrorsContract(given: Given) {
  describe('a mirror', () => {
    it('fetches a layer once, however many pull it by whichever node', async () => {
      const { cluster, upstream } = given()
      const bytes = randomBytes(size)
      await pushBlob({ url: upstream.registry.url, repository: 'app' }, bytes)
      const digest = digestOf(bytes)
      upstream.asked()
      const pull = async () => {
        const { status, body } = await send('GET', urlOf(cluster, digest))
        expect([status, digestOf(body)]).toEqual([200, digest])
      }
      await Promise.all(Array.from({ length: pulls }, pull))
      expect(blobsAsked(upstream)).toHaveLength(1)
    })
  })
}

/** Where a dead process is known for dead at once, and bytes can be read before they are a blob. */
export function takeOverContract(given: Given) {
  it('a mirror goes on with the download of a worker that is killed', async () => {
    const { cluster, upstream } = given()
    const { digest } = await pushRandom(upstream)
    const held = holdHalf(upstream)
    const clients = await Promise.all(
      Array.from({ length: 8 }, () => begin(urlOf(cluster, digest))),
    )
    const ends = clients.map(({ answer }) => buffer(answer).then(digestOf, () => 'broken'))
    await held.half
    const ranges: string[] = []
    const takenOver = Promise.withResolvers<void>()
    upstream.heal()
    upstream.meddle(({ headers }) => {
      ranges.push(String(headers.range))
      takenOver.resolve()
      return false
    })
    // One of them leads. Those who were served by a killed one are broken off.
    for (let index = 0; ranges.length === 0 && index < clients.length; index++) {
      await cluster.killWorker(index)
      await Promise.race([takenOver.promise, Promise.allSettled(ends), soon()])
    }
    held.go()
    for (const found of await Promise.all(ends)) expect([digest, 'broken']).toContain(found)
    for (const range of ranges) expect(range).toMatch(/^bytes=[1-9]\d*-$/)
    upstream.heal()
    expect(digestOf((await send('GET', urlOf(cluster, digest))).body)).toBe(digest)
  })
}

/** Longer than the others take to look at the lease again. */
const soon = () => new Promise((resolve) => setTimeout(resolve, 3_000))
