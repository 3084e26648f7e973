/**
 * Two registries on one storage, of which the first has lost its lease of a tag without hearing of it: what
 * it sends to the storage arrives late, after the second has changed the tag.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createLinks } from '../../registry/content/links.ts'
import { createDescriptions } from '../../registry/content/manifests/descriptions.ts'
import { createManifests } from '../../registry/content/manifests/manifests.ts'
import { paths } from '../../registry/content/paths.ts'
import { createTags } from '../../registry/content/tags/tags.ts'
import { createInProcessLeases } from '../../registry/leases/in-process.ts'
import type { Digest } from '../../registry/protocol/digest.ts'
import { parseManifest } from '../../registry/protocol/manifest.ts'
import type { Tag } from '../../registry/protocol/name.ts'
import type { StorageDriver } from '../../registry/storage/driver.ts'
import { imageFrom, manifestType } from '../support/image.ts'
import type { OpenDriver } from './storage-driver.ts'

const tag = 'v1' as Tag
const current = paths.tagCurrent('app', tag)
const [one, two] = [imageFrom(Buffer.from('one')), imageFrom(Buffer.from('two'))]
const [first, second] = [one.digest as Digest, two.digest as Digest]

/** Of a registry with leases of its own, so that it holds them whatever others do. */
function openRegistry(storage: StorageDriver) {
  const links = createLinks(storage, () => {})
  const tags = createTags(storage, links)
  const [descriptions, leases] = [createDescriptions(), createInProcessLeases()]
  const manifests = createManifests({ storage, links, tags, leases, descriptions })
  const put = ({ manifest: bytes }: { manifest: Buffer }, isToStay: boolean) =>
    manifests.put('app', {
      ...{ bytes, manifest: parseManifest(bytes, manifestType), digest: undefined },
      ...{ references: Promise.resolve(), tags: [tag], mayMove: () => !isToStay },
    })
  return {
    put: (image: typeof one) => put(image, false),
    keep: (image: typeof one) => put(image, true),
    remove: (digest: Digest) => manifests.remove('app', { digest, mayRemove: () => true }),
    removeTag: () => manifests.removeTag('app', tag),
    find: async () => {
      const digest = await tags.find('app', tag)
      return digest && (await manifests.find('app', digest))?.digest
    },
  }
}

type Change = 'put' | 'replace' | 'remove' | 'removeVersion'

type Options = {
  /** A folder and all below it is removed in many requests. Elsewhere the lease holds for each of its files. */
  isBucket?: boolean
}

export function lateTags(name: string, open: OpenDriver, { isBucket = false }: Options = {}) {
  describe(`a change of a tag that reaches the ${name} driver late`, () => {
    let storage: StorageDriver
    beforeEach(async () => {
      storage = await open()
    })
    afterEach(() => storage.close())

    /** `meanwhile` is what happens before the first such change that the late registry makes. */
    function late(change: Change, path: string, meanwhile: () => Promise<unknown>) {
      let isOver = false
      const waiting = async (...args: unknown[]) => {
        if (args[0] === path && !isOver) {
          isOver = true
          await meanwhile()
        }
        return (storage[change] as (...args: unknown[]) => Promise<unknown>)(...args)
      }
      return openRegistry({ ...storage, [change]: waiting } as StorageDriver)
    }

    it('is refused where the tag has to stay', async () => {
      const here = openRegistry(storage)
      const there = late('replace', current, () => here.keep(two))
      await expect(there.keep(one)).rejects.toMatchObject({ reason: 'tagImmutable' })
      expect(await here.find()).toBe(second)
    })

    it('is done where the other one has done the same', async () => {
      const here = openRegistry(storage)
      const there = late('replace', current, () => here.keep(one))
      expect(await there.keep(one)).toBe(first)
      expect(await here.find()).toBe(first)
    })

    it('is none where the tag named the same before', async () => {
      const here = openRegistry(storage)
      await here.keep(one)
      const there = late('put', paths.tagIndex('app', tag, first), async () => {
        await here.removeTag()
        await here.keep(two)
      })
      await there.keep(one)
      expect(await here.find()).toBe(second)
    })

    it('removes no tag that names another manifest by now', async () => {
      const here = openRegistry(storage)
      await here.put(one)
      const there = late('removeVersion', current, () => here.put(two))
      expect(await there.remove(first)).toEqual({ tags: [] })
      expect(await here.find()).toBe(second)
    })

    if (isBucket)
      it('removes what the tag named before, and not the tag that was set since', async () => {
        const here = openRegistry(storage)
        await here.put(one)
        const there = late('remove', paths.tagHistory('app', tag), () => here.put(two))
        expect(await there.remove(first)).toEqual({ tags: [tag] })
        expect(await here.find()).toBe(second)
      })

    it('is made again where the tag is to be removed whatever it names', async () => {
      const here = openRegistry(storage)
      await here.put(one)
      const there = late('removeVersion', current, () => here.put(two))
      expect(await there.removeTag()).toBe(true)
      expect(await here.find()).toBeUndefined()
      expect(await Array.fromAsync(storage.list(paths.tags('app')))).toEqual([])
    })
  })

  describe(`a tag on the ${name} driver`, () => {
    let storage: StorageDriver
    beforeEach(async () => {
      storage = await open()
    })
    afterEach(() => storage.close())

    it('that has to stay is set where a crash has left a damaged link', async () => {
      const here = openRegistry(storage)
      await storage.put(current, Buffer.alloc(0))
      await here.keep(one)
      expect(await here.find()).toBe(first)
    })

    it('is set and removed when the answer to the change was lost', async () => {
      const here = openRegistry({
        ...storage,
        replace: async (...args) => (await storage.replace(...args)) && false,
        removeVersion: async (...args) => (await storage.removeVersion(...args)) && false,
      })
      expect(await here.keep(one)).toBe(first)
      expect(await here.find()).toBe(first)
      expect(await here.removeTag()).toBe(true)
      expect(await here.find()).toBeUndefined()
    })

    it('is not changed, and clients come again, where storage is always being changed', async () => {
      const never = async () => false
      const here = openRegistry({ ...storage, replace: never, removeVersion: never })
      await expect(here.keep(one)).rejects.toMatchObject({ reason: 'unavailable' })
      await openRegistry(storage).keep(one)
      await expect(here.removeTag()).rejects.toMatchObject({ reason: 'unavailable' })
      expect(await here.find()).toBe(first)
    })
  })
}
