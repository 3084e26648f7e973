/** Pushing under rules: sparse indexes, foreign layers, no checks at all, and classes of content. */
import { describe, expect, it } from '@jest/globals'
import { imageIndex } from '../../registry/protocol/media-types.ts'
import { openRules } from '../support/registry.ts'
import { descriptor, pack, packImage, pushBlob, pushImage, putManifest } from './support/content.ts'
import { expectError, useRegistry } from './support/suite.ts'

const foreign = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'

describe('a rule that some platforms are needed', () => {
  const client = useRegistry({
    driver: 'inmemory',
    rules: {
      references: {
        ...openRules.references,
        needsChild: (platform) => platform?.os === 'linux' && platform.architecture === 'amd64',
      },
    },
  })
  const indexOf = (manifests: unknown[]) =>
    pack({ schemaVersion: 2, mediaType: imageIndex, manifests })
  const absent = (os: string, architecture: string) => ({
    ...descriptor(`${os}/${architecture}`, 'application/vnd.oci.image.manifest.v1+json'),
    platform: { os, architecture },
  })

  it('takes an index without the others', async () => {
    const { bytes: _bytes, ...child } = await pushImage(client, 'a', {})
    const here = { ...child, platform: { os: 'linux', architecture: 'amd64' } }
    const bare = descriptor('of no platform')
    const sparse = indexOf([here, absent('linux', 'arm64'), absent('windows', 'amd64'), bare])
    expect((await putManifest(client, 'a/manifests/sparse', sparse)).status).toBe(201)
  })

  it('refuses one without those', async () => {
    const manifest = indexOf([absent('linux', 'amd64'), absent('linux', 'arm64')])
    const answer = await putManifest(client, 'a/manifests/refused', manifest)
    expect(expectError(answer, 400, 'MANIFEST_BLOB_UNKNOWN')).toHaveLength(1)
  })
})

describe('a rule that some addresses are allowed', () => {
  const client = useRegistry({
    driver: 'inmemory',
    rules: {
      references: { ...openRules.references, allowsUrl: (url) => url.includes('good.example') },
    },
  })
  const push = async (mediaType: string, urls: string[]) => {
    await pushBlob(client, 'a', '{}')
    const layers = [{ ...descriptor('elsewhere'), mediaType, urls }]
    return putManifest(client, 'a/manifests/latest', packImage([], { layers }))
  }

  it.each(['https://good.example/layer', 'http://good.example/a?b=c'])(
    'takes a foreign layer that lies at %s',
    async (url) => {
      expect((await push(foreign, [url])).status).toBe(201)
    },
  )

  it.each([
    'https://evil.example/layer',
    'ftp://good.example/layer',
    'file:///good.example',
    'https://good.example/#part',
    'good.example/layer',
    'javascript:good.example',
  ])('refuses one at %s, beside whatever else is allowed', async (url) => {
    const answer = await push(foreign, ['https://good.example/x', url])
    expect(expectError(answer, 400, 'MANIFEST_INVALID')).toMatchObject([{ url }])
  })

  it('still wants the bytes of an ordinary layer', async () => {
    const answer = await push('application/vnd.oci.image.layer.v1.tar', ['https://good.example/x'])
    expectError(answer, 400, 'MANIFEST_BLOB_UNKNOWN')
  })
})

describe('a rule that nothing is checked', () => {
  const client = useRegistry({
    driver: 'inmemory',
    rules: { references: { ...openRules.references, disabled: true } },
  })

  it('takes a manifest of things that are not here', async () => {
    const answer = await putManifest(client, 'a/manifests/latest', packImage(['unknown']))
    expect(answer.status).toBe(201)
  })
})

describe('a rule that only images are allowed', () => {
  const client = useRegistry({ driver: 'inmemory', rules: { classes: ['image'] } })

  const allowed = [
    'application/vnd.docker.container.image.v1+json',
    'application/vnd.oci.image.config.v1+json',
  ]
  it.each(allowed)('takes a manifest with a config of type %s', async (mediaType) => {
    const config = descriptor('{}', mediaType)
    await pushImage(client, 'a', { reference: 'latest', config })
  })

  it.each([
    'application/vnd.docker.plugin.v1+json',
    'application/vnd.cncf.helm.config.v1+json',
    'constructor',
  ])('refuses one with a config of type %s', async (mediaType) => {
    for (const blob of ['{}', 'layer']) await pushBlob(client, 'b', blob)
    const manifest = packImage(['layer'], { config: descriptor('{}', mediaType) })
    const answer = await putManifest(client, 'b/manifests/latest', manifest)
    expect(expectError(answer, 403, 'DENIED')).toHaveLength(1)
    expectError(await client.get('/v2/b/manifests/latest'), 404, 'MANIFEST_UNKNOWN')
  })

  it('takes an index, whose images were checked before', async () => {
    const empty = pack({ schemaVersion: 2, mediaType: imageIndex, manifests: [] })
    expect((await putManifest(client, 'a/manifests/index', empty)).status).toBe(201)
  })
})
