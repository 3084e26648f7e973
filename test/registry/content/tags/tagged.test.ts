/** A tag that moves, and what it named that is removed, while a request is between the two. */
import { expect, it } from '@jest/globals'
import { paths } from '../../../../registry/content/paths.ts'
import { createTagged } from '../../../../registry/content/tags/tagged.ts'
import type { Digest } from '../../../../registry/protocol/digest.ts'
import { parseManifest } from '../../../../registry/protocol/manifest.ts'
import type { Tag } from '../../../../registry/protocol/name.ts'
import type { StorageDriver } from '../../../../registry/storage/driver.ts'
import { createInmemoryDriver } from '../../../../registry/storage/memory.ts'
import { imageFrom, manifestType } from '../../../support/image.ts'
import { createParts } from '../../../support/parts.ts'

const tag = 'latest' as Tag
const [one, two] = [imageFrom(Buffer.from('one')), imageFrom(Buffer.from('two'))]

function open() {
  const inner = createInmemoryDriver()
  /** `read` is called when the link of a tag has just been read. */
  const on = { read: async (): Promise<void> => {} }
  const storage: StorageDriver = {
    ...inner,
    async get(path, call) {
      const found = await inner.get(path, call)
      const { read } = on
      if (path === paths.tagCurrent('app', tag)) on.read = async () => {}
      if (path === paths.tagCurrent('app', tag)) await read()
      return found
    },
  }
  const { tags, manifests } = createParts({ storage })
  const push = ({ manifest: bytes }: { manifest: Buffer }) =>
    manifests.put('app', {
      ...{ bytes, manifest: parseManifest(bytes, manifestType), digest: undefined },
      ...{ references: Promise.resolve(), tags: [tag], mayMove: () => true },
    })
  const remove = (digest: string) =>
    manifests.remove('app', { digest: digest as Digest, mayRemove: () => true })
  const tagged = createTagged({ tags, manifests, cache: undefined })
  return { push, remove, find: () => tagged.find('app', tag), on }
}

it('the tag is found by what it names now', async () => {
  const { push, remove, find, on } = open()
  await push(one)
  on.read = async () => {
    await push(two)
    await remove(one.digest)
  }
  const found = await find()
  expect(found?.digest).toBe(two.digest)
  expect(found?.manifest?.bytes).toEqual(two.manifest)
})

it('a tag that went with its manifest is not found', async () => {
  const { push, remove, find, on } = open()
  await push(one)
  on.read = async () => void (await remove(one.digest))
  expect(await find()).toBeUndefined()
})
