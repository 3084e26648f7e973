/** DELETE of manifests, tags and blobs: what goes, what stays, and what is said the second time. */
import { describe, expect, it } from '@jest/globals'
import { jsonOf } from './support/client.ts'
import { packIndex, pushBlob, pushImage, putManifest, sha256, sha512 } from './support/content.ts'
import { expectError, useRegistry } from './support/suite.ts'

const client = useRegistry()

const tagsOf = async (repository: string) =>
  jsonOf(await client.get(`/v2/${repository}/tags/list`)).tags
const statusOf = async (path: string) => (await client.head(`/v2/${path}`)).status

describe('deleting a tag', () => {
  it('takes away that name and nothing else', async () => {
    const image = await pushImage(client, 'a', { reference: 'v1' })
    await putManifest(client, 'a/manifests/v2', image)
    const answer = await client.remove('/v2/a/manifests/v1')
    expect(answer.status).toBe(202)
    expect(answer.body).toHaveLength(0)
    expect(await tagsOf('a')).toEqual(['v2'])
    expectError(await client.get('/v2/a/manifests/v1'), 404, 'MANIFEST_UNKNOWN')
    expect(await statusOf(`a/manifests/${image.digest}`)).toBe(200)
    expect(await statusOf(`a/blobs/${sha256('layer')}`)).toBe(200)
  })

  it('leaves nothing of it in storage', async () => {
    await pushImage(client, 'traces', { reference: 'v1' })
    await client.remove('/v2/traces/manifests/v1')
    const folder = 'docker/registry/v2/repositories/traces/_manifests/tags'
    const { storage } = client.registry()
    expect(await Array.fromAsync(storage.list(folder))).toEqual([])
  })

  it('is done once', async () => {
    await pushImage(client, 'a', { reference: 'once' })
    expect((await client.remove('/v2/a/manifests/once')).status).toBe(202)
    const again = await client.remove('/v2/a/manifests/once')
    expect(expectError(again, 404, 'MANIFEST_UNKNOWN')).toEqual(['unknown tag=once'])
  })

  it('lets it be pushed again', async () => {
    for (const layer of ['one', 'two']) {
      const image = await pushImage(client, 'again', { reference: 'v1', layers: [layer] })
      const found = await client.head('/v2/again/manifests/v1')
      expect(found.headers['docker-content-digest']).toBe(image.digest)
      await client.remove('/v2/again/manifests/v1')
    }
  })
})

describe('deleting a manifest by its digest', () => {
  it('takes its tags along, and leaves all others', async () => {
    const one = await pushImage(client, 'b', { reference: 'one', layers: ['one'] })
    await putManifest(client, 'b/manifests/uno?tag=eins', one)
    const two = await pushImage(client, 'b', { reference: 'two', layers: ['two'] })
    const moved = await pushImage(client, 'b', { reference: 'moved', layers: ['one'] })
    expect(moved.digest).toBe(one.digest)
    await putManifest(client, 'b/manifests/moved', two)

    expect((await client.remove(`/v2/b/manifests/${one.digest}`)).status).toBe(202)
    expect(await tagsOf('b')).toEqual(['moved', 'two'])
    expectError(await client.get(`/v2/b/manifests/${one.digest}`), 404, 'MANIFEST_UNKNOWN')
    expect(await statusOf(`b/manifests/${two.digest}`)).toBe(200)
    expect(await statusOf(`b/blobs/${sha256('one')}`)).toBe(200)
    const again = await client.remove(`/v2/b/manifests/${one.digest}`)
    expectError(again, 404, 'MANIFEST_UNKNOWN')
  })

  it('reads each tag once, and again only those that name it', async () => {
    const gone = await pushImage(client, 'tags', { reference: 'gone', layers: ['one'] })
    await putManifest(client, 'tags/manifests/too', gone)
    const kept = await pushImage(client, 'tags', { reference: 'kept', layers: ['two'] })
    for (let nr = 0; nr < 50; nr++) await putManifest(client, `tags/manifests/t${nr}`, kept)

    const { storage } = client.registry()
    const { get, getVersioned } = storage
    const read: string[] = []
    const note = (path: string) => {
      if (path.endsWith('/current/link')) read.push(path.split('/').at(-3) ?? '')
    }
    storage.get = (path, call) => {
      note(path)
      return get.call(storage, path, call)
    }
    storage.getVersioned = (path, call) => {
      note(path)
      return getVersioned.call(storage, path, call)
    }
    expect((await client.remove(`/v2/tags/manifests/${gone.digest}`)).status).toBe(202)
    Object.assign(storage, { get, getVersioned })
    const names = Array.from({ length: 50 }, (_, nr) => `t${nr}`)
    expect(read.sort()).toEqual(['gone', 'gone', 'kept', ...names, 'too', 'too'].sort())
  })

  it('leaves the same manifest in other repositories', async () => {
    const image = await pushImage(client, 'c/one', { reference: 'v1' })
    await pushImage(client, 'c/two', { reference: 'v1' })
    await client.remove(`/v2/c/one/manifests/${image.digest}`)
    expect(await statusOf('c/two/manifests/v1')).toBe(200)
    expectError(await client.remove('/v2/c/none/manifests/v1'), 404, 'MANIFEST_UNKNOWN')
  })

  it('leaves the index that names it, and its own children', async () => {
    const image = await pushImage(client, 'd', {})
    const index = packIndex([image])
    await putManifest(client, 'd/manifests/index', index)
    expect((await client.remove(`/v2/d/manifests/${image.digest}`)).status).toBe(202)
    expect(await statusOf('d/manifests/index')).toBe(200)
    await putManifest(client, `d/manifests/${image.digest}`, image)
    await client.remove(`/v2/d/manifests/${index.digest}`)
    expect(await statusOf(`d/manifests/${image.digest}`)).toBe(200)
  })

  it('takes away both of its names', async () => {
    const image = await pushImage(client, 'e', {})
    const long = sha512(image.bytes)
    for (const digest of [long, image.digest]) {
      await putManifest(client, `e/manifests/${long}?tag=v1`, image)
      expect((await client.remove(`/v2/e/manifests/${digest}`)).status).toBe(202)
      expect(await tagsOf('e')).toEqual([])
      for (const name of [long, image.digest]) {
        expectError(await client.get(`/v2/e/manifests/${name}`), 404, 'MANIFEST_UNKNOWN')
      }
    }
  })

  it('lets it be pushed again', async () => {
    const image = await pushImage(client, 'f', { reference: 'v1' })
    await client.remove(`/v2/f/manifests/${image.digest}`)
    expect((await putManifest(client, 'f/manifests/v2', image)).status).toBe(201)
    expect(await tagsOf('f')).toEqual(['v2'])
    expect(await statusOf(`f/manifests/${image.digest}`)).toBe(200)
  })

  it('never parts a tag from its manifest, when both are pushed and deleted at once', async () => {
    const image = await pushImage(client, 'race', {})
    await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        at % 3 === 0
          ? client.remove(`/v2/race/manifests/${image.digest}`)
          : putManifest(client, `race/manifests/t${at % 2}`, image),
      ),
    )
    for (const tag of (await tagsOf('race')) as string[]) {
      expect(await statusOf(`race/manifests/${tag}`)).toBe(200)
    }
  })
})

describe('deleting a blob', () => {
  it('takes it out of the repository, once', async () => {
    const digest = await pushBlob(client, 'g', 'unwanted')
    const answer = await client.remove(`/v2/g/blobs/${digest}`)
    expect(answer.status).toBe(202)
    expect(answer.headers['content-length']).toBe('0')
    expectError(await client.get(`/v2/g/blobs/${digest}`), 404, 'BLOB_UNKNOWN')
    expectError(await client.remove(`/v2/g/blobs/${digest}`), 404, 'BLOB_UNKNOWN')
  })

  it('means that a manifest naming it can no longer be pushed', async () => {
    const image = await pushImage(client, 'h', { layers: ['needed'] })
    await client.remove(`/v2/h/blobs/${sha256('needed')}`)
    const answer = await putManifest(client, 'h/manifests/latest', image)
    expect(expectError(answer, 400, 'MANIFEST_BLOB_UNKNOWN')).toEqual([sha256('needed')])
  })

  it('lets it be pushed again', async () => {
    const digest = await pushBlob(client, 'g', 'wanted')
    await client.remove(`/v2/g/blobs/${digest}`)
    await pushBlob(client, 'g', 'wanted')
    expect((await client.get(`/v2/g/blobs/${digest}`)).text).toBe('wanted')
  })
})
