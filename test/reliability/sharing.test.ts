/** Two kuras serve one folder at the same time, as happens when one is replaced by the next. */
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { next, send } from '../support/http.ts'
import { digestOf, imageFrom } from '../support/image.ts'
import { type Kura, startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import {
  chunkHeaders,
  expectStatus,
  manifestUrl,
  pullImage,
  pushImage,
  putManifest,
} from '../support/push.ts'
import { createRandom } from '../support/random.ts'

describeWith(['linux'], 'two kuras on one folder', () => {
  const cleanup = useCleanup()
  const random = createRandom(1)
  let kuras: [Kura, Kura]

  beforeAll(async () => {
    const root = await cleanup.folder()
    kuras = await Promise.all([startKura({ root }), startKura({ root })])
    for (const kura of kuras) cleanup.add(kura.stop)
  })

  const statuses = (answers: { status: number }[]) => answers.map(({ status }) => status).sort()

  it('agree on what a tag names while both push it', async () => {
    const places = kuras.map(({ url }) => ({ url, repository: 'app' }))
    const images = Array.from({ length: 20 }, () => imageFrom(random.bytes(1000)))
    const pushes = images.map((image, turn) => {
      const place = places[turn % 2] as (typeof places)[number]
      return pushImage(place, `v${turn}`, image).then(() =>
        putManifest(place, 'latest', image.manifest),
      )
    })
    expect(statuses(await Promise.all(pushes))).toEqual(images.map(() => 201))

    const [one, other] = await Promise.all(places.map((place) => pullImage(place, 'latest')))
    expect(one).toBe(other)
    expect(images.map(({ digest }) => digest)).toContain(one)
    for (const [turn, { digest }] of images.entries()) {
      for (const place of places) expect(await pullImage(place, `v${turn}`)).toBe(digest)
    }
  })

  it('never show a tag whose manifest is gone while one deletes what the other pushes', async () => {
    const [pushing, deleting] = kuras.map(({ url }) => ({ url, repository: 'contested' }))
    if (!pushing || !deleting) throw new Error('two are needed')
    const image = imageFrom(random.bytes(1000))
    await pushImage(pushing, 'first', image)
    for (let turn = 0; turn < 30; turn++) {
      const [pushed] = await Promise.all([
        putManifest(pushing, 'latest', image.manifest),
        send('DELETE', manifestUrl(deleting, image.digest)),
      ])
      expectStatus(pushed, 201)
      const { status } = await send('GET', manifestUrl(deleting, 'latest'))
      const byDigest = await send('GET', manifestUrl(deleting, image.digest))
      expect(byDigest.status).toBe(status)
    }
  })

  it('take a chunk once that is sent to both', async () => {
    const [here, there] = kuras
    const bytes = random.bytes(500_000)
    const begun = await send('POST', `${here.url}/v2/chunk/blobs/uploads/`)
    const path = new URL(next(begun, here.url)).pathname
    const headers = { ...chunkHeaders, 'Content-Range': `0-${bytes.length - 1}` }
    const answers = await Promise.all(
      kuras.map(({ url }) => send('PATCH', url + path, { headers, body: bytes })),
    )
    expect(statuses(answers)).toEqual([202, 416])
    expectStatus(await send('PUT', `${there.url}${path}?digest=${digestOf(bytes)}`), 201)
    const blob = await send('GET', `${here.url}/v2/chunk/blobs/${digestOf(bytes)}`)
    expect(digestOf(blob.body)).toBe(digestOf(bytes))
  })

  it('take turns with the chunks of one upload', async () => {
    const [here] = kuras
    const chunks = Array.from({ length: 10 }, () => random.bytes(20_000 + random.below(200_000)))
    const begun = await send('POST', `${here.url}/v2/turns/blobs/uploads/`)
    const path = new URL(next(begun, here.url)).pathname
    for (const [turn, body] of chunks.entries()) {
      const { url } = kuras[turn % 2] as Kura
      expectStatus(await send('PATCH', url + path, { body, headers: chunkHeaders }), 202)
    }
    const digest = digestOf(Buffer.concat(chunks))
    const commits = kuras.map(({ url }) => send('PUT', `${url}${path}?digest=${digest}`))
    expect(statuses(await Promise.all(commits))).toEqual([201, 201])
  })
})
