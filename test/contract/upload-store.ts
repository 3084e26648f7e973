/**
 * The behaviour of uploads, wherever they are kept. Each step is taken by another process, which knows an upload from
 * the storage, the Redis and the client only.
 */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { paths } from '../../registry/content/paths.ts'
import { createInProcessLeases } from '../../registry/leases/in-process.ts'
import type { Leases } from '../../registry/leases/lease.ts'
import { type Algorithm, type Digest, digestOf } from '../../registry/protocol/digest.ts'
import type { AskedUpload, Progress } from '../../registry/uploads/rules.ts'
import { createParts } from '../support/parts.ts'
import type { Kept } from '../support/storage.ts'
import { bytesOf, source } from './bytes.ts'
import { createLosableLeases } from './losable-leases.ts'

const repository = 'team/app'
const nameOf = (text: string, algorithm: Algorithm = 'sha256') =>
  digestOf(algorithm, Buffer.from(text))
const chunk = (text: string, first?: number) => ({
  source: source([text]),
  range: first === undefined ? undefined : { first, last: first + text.length - 1 },
})
const broken = (text: string) => ({
  source: source([text], new Error('client left')),
  range: undefined,
})
const unknown = { reason: 'uploadUnknown' }
const outOfOrder = { reason: 'uploadOutOfOrder' }
const mismatch = { reason: 'digestMismatch' }
const lost = { reason: 'unavailable' }

/** `part` is more than what the storage takes in one request, where that makes a difference. */
export function uploadStoreContract(name: string, open: () => Promise<Kept>, part: number) {
  const long = 'more than one part '.repeat(Math.ceil(part / 19))

  describe(`uploads ${name}`, () => {
    let kept: Kept
    beforeEach(async () => {
      kept = await open()
    })

    const process = (leases: Leases = createInProcessLeases(20)) => {
      const { uploads, blobs } = createParts({ ...kept, leases })
      return { ...uploads, blobs }
    }
    const begin = (algorithm: Algorithm = 'sha256') =>
      process().start(repository, { subject: 'alice', algorithm })
    /** As a client does that brings along what it was told last. */
    const told = (upload: AskedUpload, now: Progress): AskedUpload => ({ ...upload, ...now })
    const append = async (upload: AskedUpload, text: string) =>
      told(upload, await process().append(upload, chunk(text)))
    const shown = async (text: string, as: Digest = nameOf(text)) => {
      const { blobs } = process()
      const found = await blobs.find(repository, as)
      return found && `${await bytesOf(await blobs.read(found))}`
    }
    const filesOf = (id: string) => Array.fromAsync(kept.storage.list(paths.upload(repository, id)))

    it('begin empty', async () => {
      const upload = await begin()
      expect(await process().progress(upload)).toMatchObject({ size: 0 })
    })

    const texts: [what: string, chunks: string[]][] = [
      ['a short one', ['one']],
      ['three short ones', ['one ', 'two ', 'three']],
      ['a long one', [long]],
      ['a short one and a long one', ['one ', long]],
      ['a long one and a short one', [long, ' two']],
    ]
    it.each(texts)('receive chunks and publish them: %s', async (_what, chunks) => {
      let upload = await begin()
      let size = 0
      for (const text of chunks) {
        upload = await append(upload, text)
        size += text.length
        expect(await process().progress(upload)).toMatchObject({ size })
      }
      const whole = chunks.join('')
      expect(await shown(whole)).toBeUndefined()
      await process().commit(upload, nameOf(whole))
      expect(await shown(whole)).toBe(whole)
      expect(await filesOf(upload.id)).toEqual([])
    })

    it.each(['sha256', 'sha512'] as const)('take a last chunk and whole blobs (%s)', async (by) => {
      const [last, alone] = ['one two', 'alone']
      const upload = await append(await begin(by), 'one ')
      await process().commit(upload, nameOf(last, by), chunk('two', 4))
      const whole = { digest: nameOf(alone, by), source: source([alone]), subject: 'alice' }
      await process().take(repository, whole)
      for (const text of [last, alone]) expect(await shown(text, nameOf(text, by))).toBe(text)
      const left = await Array.fromAsync(kept.storage.list(paths.uploads(repository)))
      for (const { name: id } of left) expect(await filesOf(id)).toEqual([])
    })

    it('tell a client that lost an answer how far they have come', async () => {
      const begun = await begin()
      await append(begun, 'one ')
      const now = told(begun, await process().progress(begun))
      expect(now).toMatchObject({ size: 4 })
      const whole = await append(now, 'two')
      await process().commit(now, nameOf('one two'))
      // The answer to the commit is lost as well: it is repeated by what each request was told.
      for (const again of [begun, now, whole]) await process().commit(again, nameOf('one two'))
      expect(await shown('one two')).toBe('one two')
    })

    it('refuse a chunk that does not go on where they ended', async () => {
      const upload = await append(await begin(), 'one ')
      for (const first of [0, 3, 5]) {
        await expect(process().append(upload, chunk('two', first))).rejects.toMatchObject(
          outOfOrder,
        )
        const last = process().commit(upload, nameOf('one two'), chunk('two', first))
        await expect(last).rejects.toMatchObject(outOfOrder)
      }
      await process().append(upload, chunk('two', 4))
      await process().commit(upload, nameOf('one two'))
    })

    it('keep what came of a chunk that breaks off or is too short', async () => {
      const upload = await begin()
      await expect(process().append(upload, broken('one '))).rejects.toThrow('client left')
      const short = { source: source(['two ']), range: { first: 4, last: 99 } }
      await expect(process().append(upload, short)).rejects.toMatchObject({
        reason: 'sizeMismatch',
      })
      const now = told(upload, await process().progress(upload))
      expect(now).toMatchObject({ size: 8 })
      await process().commit(await append(now, 'three'), nameOf('one two three'))
    })

    it.each(['sha256', 'sha512'] as const)('publish under no other digest (%s)', async (by) => {
      for (const text of ['one', long]) {
        const upload = await append(await begin(), text)
        const wrong = nameOf('other', by)
        await expect(process().commit(upload, wrong)).rejects.toMatchObject(mismatch)
        expect(await shown('other', wrong)).toBeUndefined()
        await process().commit(upload, nameOf(text, by))
        expect(await shown(text, nameOf(text, by))).toBe(text)
      }
    })

    it('hear the same when a commit is repeated, and only then', async () => {
      const upload = await append(await begin(), 'one')
      const commits = [process(), process()].map((it) => it.commit(upload, nameOf('one')))
      await Promise.allSettled(commits)
      await process().commit(upload, nameOf('one'))
      await process().commit(upload, nameOf('one'), chunk('one', 0))
      await expect(process().commit(upload, nameOf('other'))).rejects.toMatchObject(unknown)
      await expect(process().append(upload, chunk('more'))).rejects.toMatchObject(unknown)
    })

    const sizes: [what: string, text: string][] = [
      ['short', 'one'],
      ['long', long],
    ]
    it.each(sizes)('are gone when they are cancelled: %s ones', async (_what, text) => {
      const upload = await append(await begin(), text)
      await process().cancel(upload)
      expect(await filesOf(upload.id)).toEqual([])
      for (const work of [
        process().progress(upload),
        process().append(upload, chunk('more')),
        process().commit(upload, nameOf(text)),
        process().cancel(upload),
      ]) {
        await expect(work).rejects.toMatchObject(unknown)
      }
      expect(await shown(text)).toBeUndefined()
    })

    it('are unknown to everybody but the one who began them', async () => {
      const upload = { ...(await append(await begin(), 'one')), by: { name: 'bob' } }
      await expect(process().progress(upload)).rejects.toMatchObject(unknown)
      await expect(process().commit(upload, nameOf('one'))).rejects.toMatchObject(unknown)
      await expect(process().cancel(upload)).rejects.toMatchObject(unknown)
    })

    it('are purged once nobody has touched them for long', async () => {
      const upload = await append(await append(await begin(), long), ' two')
      expect(await process().expire(upload, new Date(Date.now() - 60_000))).toBe(false)
      expect(await process().isAbandoned(upload, new Date(Date.now() + 60_000))).toBe(true)
      expect(await process().expire(upload, new Date(Date.now() + 60_000))).toBe(true)
      expect(await filesOf(upload.id)).toEqual([])
      await expect(process().progress(upload)).rejects.toMatchObject(unknown)
    })

    type Work = (it: ReturnType<typeof process>, upload: AskedUpload) => Promise<unknown>
    const changes: [what: string, work: Work][] = [
      ['receive', (it, upload) => it.append(upload, chunk(' two'))],
      ['publish', (it, upload) => it.commit(upload, nameOf('one'))],
      ['publish a last chunk', (it, upload) => it.commit(upload, nameOf('one two'), chunk(' two'))],
      ['discard', (it, upload) => it.cancel(upload)],
    ]
    it.each(changes)('%s nothing once the lease is lost', async (_what, work) => {
      const upload = await append(await begin(), 'one')
      const { leases, lose } = createLosableLeases()
      lose()
      await expect(work(process(leases), upload)).rejects.toMatchObject(lost)
      for (const text of ['one', 'one two']) expect(await shown(text)).toBeUndefined()
      expect(await process().progress(upload)).toMatchObject({ size: 3 })
      await process().commit(upload, nameOf('one'))
    })

    it('go on in the process that takes them over, without what comes late', async () => {
      const upload = await append(await begin(), 'one ')
      const { leases, lose } = createLosableLeases({ isUnaware: true })
      const [arrived, resumed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      async function* slow() {
        yield Buffer.from('tw')
        arrived.resolve()
        await resumed.promise
        yield Buffer.from('o of the one that was halted')
      }
      const late = process(leases).append(upload, { source: slow(), range: undefined })
      late.catch(() => {})
      await arrived.promise
      lose()

      const next = process(createLosableLeases({ isTakenOver: true }).leases)
      const { size } = await next.progress(upload)
      const rest = 'one two and three'.slice(size)
      const now = told(upload, await next.append(upload, chunk(rest, size)))
      await next.commit(now, nameOf('one two and three'))
      resumed.resolve()
      await expect(late).rejects.toMatchObject(lost)
      expect(await shown('one two and three')).toBe('one two and three')
    })
  })
}
