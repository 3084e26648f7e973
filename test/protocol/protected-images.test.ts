/** Images under tags that a policy keeps: nothing that such a tag reaches can be deleted. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { buildPolicy } from '../../policies/engine/load.ts'
import {
  descriptor,
  pack,
  packImage,
  packIndex,
  pushBlob,
  pushImage,
  putManifest,
  sha256,
  sha512,
} from './support/content.ts'
import { as, loginOf, withHeaders } from './support/people.ts'
import { expectError, useRegistry } from './support/suite.ts'

const text = `
rules:
  - { name: ann may do everything, who: [ann], repositories: ["**"], actions: ["*"] }
  - { name: root too, who: [root], repositories: ["**"], actions: ["*"] }
  - { name: releases stay, effect: deny, who: [ann], repositories: ["**"], tags: ["v*"], actions: [overwrite, delete] }
`

describe('an image under a tag that has to stay', () => {
  const { policy } = buildPolicy([{ file: 'test.yaml', text }])
  const client = useRegistry({ policy, login: loginOf('ann', 'root') })
  const ann = withHeaders(client, as('ann'))
  const root = withHeaders(client, as('root'))

  const one = packImage(['one'])
  const two = packImage(['two'])
  const inner = packIndex([one])
  const outer = packIndex([inner, two])

  beforeAll(async () => {
    for (const layer of ['one', 'two', 'free']) await pushBlob(ann, 'app', layer)
    await pushBlob(ann, 'app', '{}')
    for (const each of [one, two, inner])
      await putManifest(ann, `app/manifests/${each.digest}`, each)
    await putManifest(ann, 'app/manifests/v9', outer)
    await pushImage(ann, 'app', { reference: 'latest', layers: ['free', 'one'] })
  })

  it.each([
    ['the index itself', `manifests/${outer.digest}`],
    ['an index in it', `manifests/${inner.digest}`],
    ['an image in it', `manifests/${two.digest}`],
    ['an image two levels down', `manifests/${one.digest}`],
    ['a layer', `blobs/${sha256('two')}`],
    ['a layer two levels down, which another image has too', `blobs/${sha256('one')}`],
    ['the configuration', `blobs/${sha256('{}')}`],
  ])('keeps %s', async (_, path) => {
    const answer = await ann.remove(`/v2/app/${path}`)
    const [detail] = expectError(answer, 403, 'DENIED')
    expect(detail).toEqual({ tag: 'v9', digest: path.split('/')[1] })
    expect((await ann.head(`/v2/app/${path}`)).status).toBe(200)
  })

  it('keeps a layer under its other name too', async () => {
    const started = await ann.post('/v2/alias/blobs/uploads/')
    const path = `${started.headers.location}`
    const [and] = path.includes('?') ? ['&'] : ['?']
    await ann.put(`${path}${and}digest=${sha512('twice named')}`, {
      body: Buffer.from('twice named'),
    })
    await pushImage(ann, 'alias', { reference: 'v1', layers: ['twice named'] })
    const answer = await ann.remove(`/v2/alias/blobs/${sha512('twice named')}`)
    expectError(answer, 403, 'DENIED')
    expect((await ann.head(`/v2/alias/blobs/${sha256('twice named')}`)).status).toBe(200)
  })

  it('lets go what no such tag reaches, and whatever is not there', async () => {
    const image = packImage(['free', 'one'])
    expect((await ann.remove(`/v2/app/manifests/${image.digest}`)).status).toBe(202)
    expect((await ann.remove(`/v2/app/blobs/${sha256('free')}`)).status).toBe(202)
    expectError(await ann.remove(`/v2/app/blobs/${sha256('none')}`), 404, 'BLOB_UNKNOWN')
    expectError(await ann.remove(`/v2/app/manifests/${sha256('none')}`), 404, 'MANIFEST_UNKNOWN')
  })

  it('does not keep what refers to it, nor what it refers to as its subject', async () => {
    const subject = await pushImage(ann, 'signed', { reference: 'base', layers: ['base'] })
    const fields = { subject: descriptor(subject.bytes, subject.mediaType) }
    await pushImage(ann, 'signed', { reference: 'v1', layers: ['signed'], ...fields })
    expect((await ann.remove(`/v2/signed/manifests/${subject.digest}`)).status).toBe(202)
  })

  it('keeps the layers of an artifact', async () => {
    const artifactManifest = 'application/vnd.oci.artifact.manifest.v1+json'
    const artifact = pack({ mediaType: artifactManifest, blobs: [descriptor('kept')] })
    await pushBlob(ann, 'artifact', 'kept')
    expect((await putManifest(ann, 'artifact/manifests/v1', artifact)).status).toBe(201)
    expectError(await ann.remove(`/v2/artifact/blobs/${sha256('kept')}`), 403, 'DENIED')
  })

  it('can be taken apart by those whom no rule forbids it', async () => {
    await pushImage(ann, 'freed', { reference: 'v1', layers: ['freed'] })
    expect((await root.remove(`/v2/freed/blobs/${sha256('freed')}`)).status).toBe(202)
  })

  it('is whole in the end, however pushes of it and deletes of its parts come together', async () => {
    await pushBlob(ann, 'race', '{}')
    for (let round = 0; round < 20; round++) {
      const layer = `layer ${round}`
      await pushBlob(ann, 'race', layer)
      const image = packImage([layer])
      const [pushed, removed] = await Promise.all([
        putManifest(ann, `race/manifests/v${round}`, image),
        ann.remove(`/v2/race/blobs/${sha256(layer)}`),
      ])
      expect([201, 400]).toContain(pushed.status)
      expect([202, 403]).toContain(removed.status)
      if (pushed.status === 201) {
        expect((await ann.head(`/v2/race/blobs/${sha256(layer)}`)).status).toBe(200)
      }
    }
  })
})
