/** Clients who want the same at once, from different gateways. */
import { expect, it } from '@jest/globals'
import type { Cluster } from '../../support/cluster.ts'
import { keptTag } from '../../support/cluster.ts'
import { send } from '../../support/http.ts'
import { imageFrom } from '../../support/image.ts'
import { inLength } from '../../support/length.ts'
import { manifestUrl, pushBlob, pushImage, putManifest } from '../../support/push.ts'
import { createRandom } from '../../support/random.ts'

const together = inLength({ short: 20, long: 50 })
const rounds = inLength({ short: 2, long: 20 })

export function races(cluster: () => Cluster): void {
  const random = createRandom(9)
  const small = () => imageFrom(random.bytes(1000))

  it('a tag that may not move has one winner, and everybody sees the same', async () => {
    for (let round = 0; round < rounds; round++) {
      const repository = `race/kept${round}`
      const rivals = cluster().urls.map((url) => ({ place: { url, repository }, image: small() }))
      for (const { place, image } of rivals) await pushImage(place, 'other', image)
      const answers = await Promise.all(
        rivals.map(({ place, image }) => putManifest(place, keptTag, image.manifest)),
      )
      const statuses = answers.map(({ status }) => status)
      expect(statuses.toSorted()).toEqual([201, 403])
      const { image } = rivals[statuses.indexOf(201)] as (typeof rivals)[number]
      for (const { place } of rivals) {
        const found = await send('HEAD', manifestUrl(place, keptTag))
        expect(found.headers['docker-content-digest']).toBe(image.digest)
        // Coming again changes nothing, for neither of them.
        const again = rivals.map((it) => putManifest(place, keptTag, it.image.manifest))
        expect((await Promise.all(again)).map(({ status }) => status)).toEqual(statuses)
      }
    }
  })

  it(`${together} clients push one manifest at once: all succeed, and it is there once`, async () => {
    const { urls } = cluster()
    const repository = 'race/same'
    const image = small()
    const place = { url: cluster().url, repository }
    for (const bytes of [...image.layers, image.config]) await pushBlob(place, bytes)
    const answers = await Promise.all(
      Array.from({ length: together }, (_, index) => {
        const url = urls[index % urls.length] ?? ''
        return putManifest({ url, repository }, 'latest', image.manifest)
      }),
    )
    expect(answers.filter(({ status }) => status !== 201)).toEqual([])
    expect(new Set(answers.map((it) => it.headers['docker-content-digest']))).toEqual(
      new Set([image.digest]),
    )
    for (const url of urls) {
      const listed = await send('GET', `${url}/v2/${repository}/tags/list`)
      expect(JSON.parse(`${listed.body}`).tags).toEqual(['latest'])
    }
    // Removed once, it is gone.
    const [first = '', second = ''] = urls
    const removed = await send('DELETE', manifestUrl({ url: first, repository }, image.digest))
    expect(removed.status).toBe(202)
    for (const reference of ['latest', image.digest]) {
      const found = await send('HEAD', manifestUrl({ url: second, repository }, reference))
      expect(found.status).toBe(404)
    }
  })

  it(`${together} clients push one blob at once in their own ways, and it is whole`, async () => {
    const { url, urls } = cluster()
    const bytes = random.bytes(200_000)
    const pushes = Array.from({ length: together }, () =>
      pushBlob({ url, repository: 'race/blob' }, bytes),
    )
    const [digest] = await Promise.all(pushes)
    for (const each of urls) {
      const { status, body } = await send('GET', `${each}/v2/race/blob/blobs/${digest}`)
      expect([status, body.equals(bytes)]).toEqual([200, true])
    }
  })
}
