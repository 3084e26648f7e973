/** What belongs to an image of a mirror: its referrers, and the platforms of an index, each when it is wanted. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import {
  describe as descriptorOf,
  digestOf,
  emptyConfig,
  imageFrom,
  indexType,
  manifestType,
  signatureOf,
} from '../support/image.ts'
import { startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { manifestUrl, pullImage, pushBlob, pushImage } from '../support/push.ts'
import { type Node, startNode } from './support/node.ts'
import { startGate, startUpstream } from './support/upstream.ts'

const image = imageFrom(Buffer.from('signed'))
const signature = signatureOf(descriptorOf(manifestType, image.manifest))
const signed = descriptorOf(manifestType, signature)

type Gate = Awaited<ReturnType<typeof startGate>> & { registry: { url: string } }

/** Both ways in which a registry tells of referrers. */
const ways = {
  async 'its API'(cleanup: ReturnType<typeof useCleanup>): Promise<Gate> {
    const registry = await startKura({ env: { REGISTRY_KURA_PROCESSES: '1' } })
    cleanup.add(registry.destroy)
    return { registry, ...(await startGate(cleanup, registry.url)) }
  },
  async 'a tag'(cleanup: ReturnType<typeof useCleanup>): Promise<Gate> {
    const gate = await startUpstream(cleanup)
    const index = { schemaVersion: 2, mediaType: indexType, manifests: [signed] }
    const tag = image.digest.replace(':', '-')
    const place = { url: gate.registry.url, repository: 'app' }
    await pushImage(place, 'v1', image)
    await pushBlob(place, emptyConfig)
    await putAs(place, signed.digest, { type: manifestType, body: signature })
    const body = Buffer.from(JSON.stringify(index))
    await putAs(place, tag, { type: indexType, body })
    return gate
  },
}

async function putAs(
  place: { url: string; repository: string },
  reference: string,
  { type, body }: { type: string; body: Buffer },
) {
  const headers = { 'Content-Type': type }
  const { status } = await send('PUT', manifestUrl(place, reference), { body, headers })
  expect(status).toBe(201)
}

describeWith(['docker-registry'], 'the referrers of a mirrored image', () => {
  describe.each(Object.entries(ways))('of which the upstream tells by %s', (_way, start) => {
    const cleanup = useCleanup()
    let upstream: Gate
    let node: Node

    beforeAll(async () => {
      upstream = await start(cleanup)
      const place = { url: upstream.registry.url, repository: 'app' }
      await pushImage(place, 'v1', image)
      await pushBlob(place, emptyConfig)
      await putAs(place, signed.digest, { type: manifestType, body: signature })
      node = await startNode(cleanup, { upstream, root: await cleanup.folder() })
    })
    beforeEach(() => upstream.heal())

    const list = async (digest: string, query = '') =>
      send('GET', `${node.url}/v2/up/app/referrers/${digest}${query}`)

    it('are an error, and not an emptyConfig list, while it has never answered', async () => {
      upstream.fail(500)
      expect((await list(image.digest)).status).toBe(502)
    })

    it('are listed and can be pulled', async () => {
      const { status, body } = await list(image.digest)
      expect(status).toBe(200)
      const { manifests } = JSON.parse(body.toString())
      expect(manifests).toMatchObject([
        { digest: signed.digest, artifactType: 'application/vnd.example.signature' },
      ])
      const none = await list(image.digest, '?artifactType=application/x')
      expect(JSON.parse(none.body.toString()).manifests).toEqual([])
      const pulled = await send(
        'GET',
        manifestUrl({ url: node.url, repository: 'up/app' }, signed.digest),
      )
      expect(pulled.body).toEqual(signature)
    })

    it('of images that are nowhere leave no file behind, though they are asked for once', async () => {
      const settings = { tagTtlMs: 60_000 }
      const root = await cleanup.folder()
      const fresh = await startNode(cleanup, { upstream, root, settings })
      const nowhere = digestOf(Buffer.from('nowhere'))
      const url = `${fresh.url}/v2/up/app/referrers/`
      upstream.asked()
      expect((await send('GET', url + nowhere)).status).toBe(200)
      expect(upstream.asked()).not.toEqual([])
      expect((await send('GET', url + nowhere)).status).toBe(200)
      expect(upstream.asked()).toEqual([])
      const files = () =>
        readdir(join(root, 'kura/mirror/tags'), { recursive: true }).catch(() => [])
      expect(await files()).toEqual([])
      await send('GET', url + image.digest)
      expect(await files()).not.toEqual([])
    })

    it('are still listed while the upstream fails, with a warning', async () => {
      upstream.fail(500)
      const { body, headers } = await list(image.digest)
      expect(JSON.parse(body.toString()).manifests).toHaveLength(1)
      expect(headers.warning).toMatch(/^110 /)
    })
  })
})

describeWith(['docker-registry'], 'an index of a mirror', () => {
  const cleanup = useCleanup()

  it('may be here with some of its platforms alone, which still pull when the upstream is gone', async () => {
    const upstream = await startUpstream(cleanup)
    const place = { url: upstream.registry.url, repository: 'app' }
    const platforms = ['amd64', 'arm64'].map((it) => imageFrom(Buffer.from(it)))
    for (const one of platforms) await pushImage(place, one.digest, one)
    const manifests = platforms.map(({ manifest }) => descriptorOf(manifestType, manifest))
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }))
    await putAs(place, 'all', { type: indexType, body: index })

    const node = await startNode(cleanup, { upstream, root: await cleanup.folder() })
    const here = { url: node.url, repository: 'up/app' }
    const [first, second] = platforms.map(({ digest }) => digest) as [string, string]
    expect((await send('GET', manifestUrl(here, 'all'))).body).toEqual(index)
    await pullImage(here, first)
    upstream.fail(500)
    expect((await send('GET', manifestUrl(here, 'all'))).body).toEqual(index)
    expect(await pullImage(here, first)).toBe(first)
    expect((await send('GET', manifestUrl(here, second))).status).toBe(502)
  })
})
