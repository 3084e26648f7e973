/** Where pages of referrers end, and what is read and held for them. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { writeLink } from '../../../../registry/content/links.ts'
import { paths } from '../../../../registry/content/paths.ts'
import { parseDigest } from '../../../../registry/protocol/digest.ts'
import { imageManifest } from '../../../../registry/protocol/media-types.ts'
import { parseTag } from '../../../../registry/protocol/name.ts'
import type { StorageDriver } from '../../../../registry/storage/driver.ts'
import { withoutLease } from '../../../../registry/storage/fenced.ts'
import { createInmemoryDriver } from '../../../../registry/storage/memory.ts'
import { descriptor, type Packed, packImage, packIndex } from '../../../protocol/support/content.ts'
import { createParts } from '../../../support/parts.ts'

const subject = descriptor('the subject', imageManifest)
const subjectDigest = parseDigest(subject.digest)
const kibibyte = 1024
const mebibyte = 1024 * kibibyte

/** Storage that counts what is read of it, and how much of that is under way at a time. */
function open() {
  const stored = createInmemoryDriver()
  const count = { reads: 0, bytes: 0, underWay: 0, mostUnderWay: 0, large: 0, mostLarge: 0 }
  const storage: StorageDriver = {
    ...stored,
    async get(path, call) {
      const bytes = await stored.get(path, call)
      const isLarge = (bytes?.length ?? 0) > mebibyte
      count.reads++
      count.bytes += bytes?.length ?? 0
      count.mostUnderWay = Math.max(count.mostUnderWay, ++count.underWay)
      if (isLarge) count.mostLarge = Math.max(count.mostLarge, ++count.large)
      await new Promise(setImmediate)
      count.underWay--
      if (isLarge) count.large--
      return bytes
    },
  }
  const { links, tags, referrers } = createParts({ storage })
  return { storage, links, tags, count, referrers }
}

type Registry = ReturnType<typeof open>

async function store({ storage }: Registry, { bytes, digest }: Packed, isLinked = true) {
  const name = parseDigest(digest)
  await storage.put(paths.blob(name), bytes)
  await writeLink(withoutLease(storage), { path: paths.revisionLink('a', name), digest: name })
  if (!isLinked) return digest
  const path = paths.referrerLink('a', subjectDigest, name)
  await writeLink(withoutLease(storage), { path, digest: name })
  return digest
}

const referrer = (length: number, nr: number, fields = {}) =>
  packImage([], { subject, annotations: { nr: `${nr}`, text: 'x'.repeat(length) }, ...fields })

type Wanted = { size?: number; artifactType?: string }
type Listed = { digest: string; annotations?: Record<string, string> }

async function pagesOf({ referrers }: Registry, { size = 1000, ...rest }: Wanted = {}) {
  const pages: Listed[][] = []
  let after: string | undefined
  do {
    const page = await referrers.page('a', subjectDigest, { size, after, ...rest })
    expect(Buffer.byteLength(page.descriptors.join(','))).toBeLessThan(4 * mebibyte - 200)
    pages.push(page.descriptors.map((text) => JSON.parse(text)))
    after = page.next
  } while (after)
  return pages
}

const digestsOf = (pages: Listed[][]) => pages.flat().map(({ digest }) => digest)

describe('pages of referrers', () => {
  it('are together all that there is, in order, however large they are and however many fit', async () => {
    const lengths = fc.oneof(
      fc.nat({ max: 50 }),
      fc.nat({ max: 100 * kibibyte }),
      fc.nat({ max: 3 * mebibyte }),
    )
    const some = fc.array(fc.record({ length: lengths, isOther: fc.boolean() }), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(some, fc.integer({ min: 1, max: 14 }), async (wanted, size) => {
        const registry = open()
        const stored = await Promise.all(
          wanted.map(({ length, isOther }, nr) => {
            const artifactType = isOther ? 'application/other' : 'application/one'
            return store(registry, referrer(length, nr, { artifactType }))
          }),
        )
        const ones = stored.filter((_, nr) => !wanted[nr]?.isOther)
        for (const _ of ['cold', 'remembered']) {
          const pages = await pagesOf(registry, { size })
          expect(digestsOf(pages)).toEqual([...stored].sort())
          expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(size)
          const filtered = await pagesOf(registry, { size, artifactType: 'application/one' })
          expect(digestsOf(filtered)).toEqual([...ones].sort())
        }
      }),
      { numRuns: 30 },
    )
  }, 300_000)

  it('end before 4 MiB, with all annotations', async () => {
    const registry = open()
    for (let nr = 0; nr < 20; nr++) await store(registry, referrer(mebibyte, nr))
    const pages = await pagesOf(registry)
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 3, 3, 3, 3, 2])
    for (const { annotations } of pages.flat()) expect(annotations?.text).toHaveLength(mebibyte)
  })

  it('leave out annotations that no page has room for', async () => {
    const registry = open()
    const [large, small] = [referrer(4 * mebibyte - 100, 1), referrer(10, 2)]
    for (const manifest of [large, small]) await store(registry, manifest)
    const listed = (await pagesOf(registry)).flat()
    const of = ({ digest }: Packed) => listed.find((it) => it.digest === digest)
    expect(of(large)).not.toHaveProperty('annotations')
    expect(of(small)?.annotations).toEqual({ nr: '2', text: 'xxxxxxxxxx' })
  })

  it('end after a thousand that are not what was asked for, and the next ones find what is', async () => {
    const registry = open()
    for (let nr = 0; nr < 2500; nr++) await store(registry, referrer(0, nr))
    const rare = await store(registry, referrer(0, 0, { artifactType: 'application/rare' }))
    await pagesOf(registry, { artifactType: 'application/rare' })
    const before = registry.count.reads
    const page = await registry.referrers.page('a', subjectDigest, {
      size: 10,
      artifactType: 'application/none',
    })
    expect(page.descriptors).toEqual([])
    expect(page.next).toBeDefined()
    expect(registry.count.reads - before).toBeLessThan(1100)
    const pages = await pagesOf(registry, { artifactType: 'application/rare' })
    expect(pages.length).toBeLessThanOrEqual(3)
    expect(digestsOf(pages)).toEqual([rare])
  })
})

describe('what is read for a page', () => {
  it('is read side by side where it is small', async () => {
    const registry = open()
    for (let nr = 0; nr < 64; nr++) await store(registry, referrer(100, nr))
    await pagesOf(registry)
    expect(registry.count.mostUnderWay).toBeGreaterThan(8)
    expect(registry.count.mostUnderWay).toBeLessThanOrEqual(64)
  })

  it('is read one by one where it is large, however many ask', async () => {
    const registry = open()
    for (let nr = 0; nr < 5; nr++) await store(registry, referrer(2 * mebibyte, nr))
    await Promise.all(Array.from({ length: 5 }, () => pagesOf(registry)))
    expect(registry.count.mostLarge).toBe(1)
  })

  it('has an end, where large manifests have little to say', async () => {
    const registry = open()
    const layers = Array.from({ length: 9_000 }, (_, nr) => descriptor(`${nr}`))
    for (let nr = 0; nr < 30; nr++) {
      await store(registry, referrer(10, nr, { artifactType: 'application/x', layers }))
    }
    const cold = await registry.referrers.page('a', subjectDigest, { size: 1000 })
    expect(cold.next).toBeDefined()
    expect(registry.count.bytes).toBeLessThan(20 * mebibyte)
    expect((await pagesOf(registry)).flat()).toHaveLength(30)
    // By now their descriptions are remembered, and none is read again.
    const { bytes } = registry.count
    expect(await pagesOf(registry)).toHaveLength(1)
    expect(registry.count.bytes - bytes).toBeLessThan(mebibyte)
  }, 300_000)

  it('is an index of tens of thousands once, and then no more than a page of what it names', async () => {
    const registry = open()
    const one = referrer(10, 1)
    const others = Array.from({ length: 20_000 }, (_, nr) => descriptor(`${nr}`, imageManifest))
    const index = packIndex([one, ...others.map((it) => ({ ...it, bytes: Buffer.alloc(0) }))])
    await store(registry, index, false)
    await store(registry, one, false)
    const tag = parseTag(subject.digest.replace(':', '-'))
    const digest = parseDigest(index.digest)
    const setting = { repository: 'a', tag, stored: digest, mayMove: () => true }
    await registry.tags.set(withoutLease(registry.storage), setting, {})
    expect(digestsOf(await pagesOf(registry))).toEqual([one.digest])
    const { bytes } = registry.count
    await registry.referrers.page('a', subjectDigest, { size: 1000 })
    expect(registry.count.bytes - bytes).toBeLessThan(mebibyte)
  })
})
