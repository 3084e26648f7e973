/** Uploads to a bucket: what lies at a blob's key is right, and shown by a link alone. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { paths } from '../../../registry/content/paths.ts'
import { createInProcessLeases } from '../../../registry/leases/in-process.ts'
import { type Algorithm, type Digest, digestOf } from '../../../registry/protocol/digest.ts'
import type { StorageDriver } from '../../../registry/storage/driver.ts'
import { createInmemoryBucket } from '../../../registry/storage/memory.ts'
import type { Placing } from '../../../registry/storage/placing.ts'
import { source } from '../../contract/bytes.ts'
import { createParts, testCarrier } from '../../support/parts.ts'

const bare = { subject: undefined, algorithm: 'sha256' as const }
const nameOf = (text: string, algorithm: Algorithm = 'sha256') =>
  digestOf(algorithm, Buffer.from(text))
const chunk = (...texts: string[]) => ({ source: source(texts), range: undefined })
const broken = (...texts: string[]) => ({
  source: source(texts, new Error('client left')),
  range: undefined,
})
const large = 'large '.repeat(100)
const mismatch = { reason: 'digestMismatch' }

let storage: StorageDriver
let placing: Placing
beforeEach(() => {
  const bucket = createInmemoryBucket(300)
  storage = bucket.driver
  placing = bucket.placing
})

/** As another process would open the same storage: nothing is remembered. */
function open({ place = placing.place, ...over }: Partial<StorageDriver & Placing> = {}) {
  const own = { ...storage, ...over }
  const bucket = { placing: { ...placing, place }, carrier: testCarrier }
  const { uploads, blobs } = createParts({
    storage: own,
    bucket,
    leases: createInProcessLeases(20),
  })
  return { ...uploads, blobs }
}

const stored = async (digest: Digest) => (await storage.get(paths.blob(digest)))?.toString()
const shown = async (digest: Digest) => (await open().blobs.find('a', digest)) !== undefined
const inUploads = () => Array.fromAsync(storage.list(paths.uploads('a')))
const begin = async (...texts: string[]) => {
  const upload = await open().start('a', bare)
  for (const text of texts) await open().append(upload, chunk(text))
  return upload
}

describe('a first chunk', () => {
  it('lies at the key of its digest and is shown by no repository until it is a blob', async () => {
    const upload = await begin('bytes')
    expect(await stored(nameOf('bytes'))).toBe('bytes')
    expect(await storage.stat(paths.uploadData('a', upload.id))).toBeUndefined()
    expect(await shown(nameOf('bytes'))).toBe(false)
    expect(await open().progress(upload)).toMatchObject({ size: 5 })
    await open().commit(upload, nameOf('bytes'))
    await open().commit(upload, nameOf('bytes'))
    expect(await shown(nameOf('bytes'))).toBe(true)
    expect(await inUploads()).toEqual([])
  })

  const continuations = [
    ['one ', 'two'],
    ['one ', 'two ', 'three'],
    ['one ', large],
    [large, 'two'],
  ]
  it.each(continuations)(
    'can be followed by more, in any process: %.9s, %.9s',
    async (...texts) => {
      const whole = nameOf(texts.join(''))
      const upload = await begin(...texts.filter((it) => it !== undefined))
      expect(await open().progress(upload)).toMatchObject({ size: texts.join('').length })
      await open().commit(upload, whole)
      expect(await stored(whole)).toBe(texts.join(''))
    },
  )

  it('can be ended under a digest of another algorithm', async () => {
    const upload = await begin('bytes')
    await open().commit(upload, nameOf('bytes', 'sha512'))
    expect(await open().blobs.find('a', nameOf('bytes', 'sha512'))).toMatchObject({ size: 5 })
    const whole = await begin()
    await open().commit(whole, nameOf('other', 'sha512'), chunk('other'))
    expect(await shown(nameOf('other', 'sha512'))).toBe(true)
  })

  it('is not what the client claims, and can still be ended', async () => {
    const upload = await begin('bytes')
    await expect(open().commit(upload, nameOf('other'))).rejects.toMatchObject(mismatch)
    expect(await shown(nameOf('other'))).toBe(false)
    await storage.put(paths.blob(nameOf('private')), Buffer.from('private'))
    await expect(open().commit(upload, nameOf('private'))).rejects.toMatchObject(mismatch)
    expect(await shown(nameOf('private'))).toBe(false)
    await open().commit(upload, nameOf('bytes'))
  })

  it('that has been collected meanwhile is sent again', async () => {
    const upload = await begin('bytes')
    await storage.remove(paths.blob(nameOf('bytes')))
    expect(await open().progress(upload)).toMatchObject({ size: 0 })
    await expect(open().commit(upload, nameOf('bytes'))).rejects.toMatchObject(mismatch)
    expect(await shown(nameOf('bytes'))).toBe(false)
    await open().append(upload, chunk('bytes'))
    await open().commit(upload, nameOf('bytes'))
  })

  it('that lay there for long is put again before it is shown', async () => {
    const upload = await begin('bytes')
    const puts: string[] = []
    const old: Partial<StorageDriver> = {
      stat: async (path) => ({
        size: (await storage.stat(path))?.size ?? 0,
        changedAt: new Date(0),
      }),
      put(path, ...rest) {
        puts.push(path)
        return storage.put(path, ...rest)
      },
    }
    await open(old).commit(upload, nameOf('bytes'))
    expect(puts).toEqual([paths.blob(nameOf('bytes')), paths.layerLink('a', nameOf('bytes'))])
  })

  it('that breaks off keeps what came, under no digest', async () => {
    const upload = await begin()
    const { append } = open()
    await expect(append(upload, broken('one '))).rejects.toThrow('client left')
    expect(await stored(nameOf('one '))).toBeUndefined()
    expect(await open().progress(upload)).toMatchObject({ size: 4 })
    await open().append(upload, chunk('two'))
    await open().commit(upload, nameOf('one two'))
  })

  it('of another length than it said keeps what came', async () => {
    const upload = await begin()
    const short = { source: source(['abc']), range: { first: 0, last: 3 } }
    await expect(open().append(upload, short)).rejects.toMatchObject({ reason: 'sizeMismatch' })
    expect(await open().progress(upload)).toMatchObject({ size: 3 })
    await open().commit(upload, nameOf('abcd'), chunk('d'))
  })
})

describe('storage that fails', () => {
  const fail = () => Promise.reject(new Error('failed'))

  it('to take the bytes leaves the upload without them, whatever was written down', async () => {
    const upload = await begin()
    const place: Placing['place'] = async (_draft, bytes, { final }) => {
      for await (const _ of bytes);
      final()
      return fail()
    }
    await expect(open({ place }).append(upload, chunk('bytes'))).rejects.toThrow('failed')
    expect(await open().progress(upload)).toMatchObject({ size: 0 })
    await open().append(upload, chunk('bytes'))
    await open().commit(upload, nameOf('bytes'))
  })

  it('to write down the state leaves the upload as it was', async () => {
    const upload = await begin()
    await expect(open({ put: fail }).append(upload, chunk('bytes'))).rejects.toThrow('failed')
    expect(await open().progress(upload)).toMatchObject({ size: 0 })
    await open().append(upload, chunk('other'))
    await open().commit(upload, nameOf('other'))
  })

  it('never gives the bytes of one attempt the digest of another', async () => {
    const upload = await begin()
    const put: StorageDriver['put'] = (path, ...rest) =>
      path.endsWith('state.json') ? fail() : storage.put(path, ...rest)
    // These came and were never acknowledged; the next, as many, never come.
    await expect(open({ put }).append(upload, chunk(large))).rejects.toThrow('failed')
    const place: Placing['place'] = async (_draft, bytes) => {
      for await (const _ of bytes);
      return fail()
    }
    const other = large.toUpperCase()
    const uploads = open({ place })
    await expect(uploads.append(upload, chunk(other))).rejects.toThrow('failed')
    await expect(uploads.commit(upload, nameOf(other))).rejects.toMatchObject(mismatch)
    expect(await shown(nameOf(other))).toBe(false)
    expect(await stored(nameOf(other))).toBeUndefined()
  })

  it.each(['put', 'remove'] as const)('to %s can be asked to commit again', async (step) => {
    const upload = await begin('bytes')
    const first = open({ [step]: fail }).commit(upload, nameOf('bytes'))
    await expect(first).rejects.toThrow('failed')
    await open().commit(upload, nameOf('bytes'))
    expect(await shown(nameOf('bytes'))).toBe(true)
    expect(await inUploads()).toEqual([])
  })
})

describe.each([['small'], [large]])('a whole blob (%.5s)', (text) => {
  const digest = nameOf(text)
  type Way = (bytes: ReturnType<typeof chunk>, as?: Digest) => Promise<unknown>
  const ways: [what: string, way: Way][] = [
    ['alone', ({ source }, as = digest) => open().take('a', { digest: as, source, subject: 'b' })],
    ['in the end', async (it, as = digest) => open().commit(await begin(), as, it)],
  ]

  it.each(ways)('that comes %s is there, and nothing else', async (_what, way) => {
    await way(chunk(text))
    expect(await stored(digest)).toBe(text)
    expect(await shown(digest)).toBe(true)
    expect(await inUploads()).toEqual([])
  })

  it.each(ways)('that comes %s and is another one leaves nothing', async (_what, way) => {
    await expect(way(chunk('other', text))).rejects.toMatchObject(mismatch)
    expect(await stored(digest)).toBeUndefined()
    expect(await shown(digest)).toBe(false)
    await way(chunk(text))
    await expect(way(chunk('other', text))).rejects.toMatchObject(mismatch)
    expect(await stored(digest)).toBe(text)
  })

  it.each(ways)('that comes %s and breaks off leaves nothing', async (_what, way) => {
    await expect(way(broken(text))).rejects.toThrow('client left')
    expect(await stored(digest)).toBeUndefined()
    expect(await shown(digest)).toBe(false)
  })

  it('of another length than it said leaves nothing, and the upload as it was', async () => {
    const upload = await begin()
    const long = { source: source([text]), range: { first: 0, last: text.length } }
    const sizeMismatch = { reason: 'sizeMismatch' }
    await expect(open().commit(upload, digest, long)).rejects.toMatchObject(sizeMismatch)
    expect(await stored(digest)).toBeUndefined()
    await open().commit(upload, digest, chunk(text))
  })
})
