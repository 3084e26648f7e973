/** Uploads by themselves: two writers, other processes, and storage that fails in the middle. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { paths } from '../../../registry/content/paths.ts'
import { createInProcessLeases } from '../../../registry/leases/in-process.ts'
import { digestOf } from '../../../registry/protocol/digest.ts'
import type { StorageDriver } from '../../../registry/storage/driver.ts'
import { createInmemoryDriver } from '../../../registry/storage/memory.ts'
import { source } from '../../contract/bytes.ts'
import { createParts } from '../../support/parts.ts'

const bare = { subject: undefined, algorithm: 'sha256' as const }
const digest = (text: string) => digestOf('sha256', Buffer.from(text))
const chunk = (...texts: string[]) => ({ source: source(texts), range: undefined })

let storage: StorageDriver
beforeEach(() => {
  storage = createInmemoryDriver()
})

/** As another process would open the same storage: nothing is remembered. */
function openUploads(over: StorageDriver = storage) {
  const { uploads, blobs } = createParts({ storage: over, leases: createInProcessLeases(20) })
  return { ...uploads, blobs }
}

describe('an upload', () => {
  it('is busy for a second writer who has waited long enough', async () => {
    const uploads = openUploads()
    const upload = await uploads.start('a', bare)
    const { promise: end, resolve: finish } = Promise.withResolvers<void>()
    async function* slow() {
      yield Buffer.from('slow')
      await end
    }
    const first = uploads.append(upload, { source: slow(), range: undefined })
    await expect(uploads.append(upload, chunk('fast'))).rejects.toMatchObject({
      reason: 'uploadBusy',
      status: 409,
    })
    finish()
    expect(await first).toMatchObject({ size: 4 })
    await uploads.commit(upload, digest('slow'))
    expect(await uploads.blobs.find('a', digest('slow'))).toMatchObject({ size: 4 })
  })

  it('goes from process to process at each of its steps', async () => {
    const upload = await openUploads().start('a', bare)
    for (const text of ['one ', 'two ', 'three']) await openUploads().append(upload, chunk(text))
    expect(await openUploads().progress(upload)).toMatchObject({ size: 13 })
    await openUploads().commit(upload, digest('one two three'))
    await openUploads().commit(upload, digest('one two three'))
    expect(await openUploads().blobs.find('a', digest('one two three'))).toMatchObject({ size: 13 })
  })

  it('is ended by another process without reading its bytes again', async () => {
    const upload = await openUploads().start('a', bare)
    await openUploads().append(upload, chunk('bytes'))
    const unread: StorageDriver = {
      ...storage,
      read: () => Promise.reject(new Error('read again')),
    }
    await openUploads(unread).commit(upload, digest('bytes'))
  })

  it('goes on after storage has failed, from what storage has', async () => {
    const failing: StorageDriver = {
      ...storage,
      async append(path, bytes, { at }) {
        for await (const _ of bytes);
        await storage.append(path, source(['on']), { at })
        throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' })
      },
    }
    const upload = await openUploads().start('a', bare)
    await expect(openUploads(failing).append(upload, chunk('one'))).rejects.toThrow('disk is full')
    expect(await openUploads().progress(upload)).toMatchObject({ size: 2 })
    const early = openUploads().commit(upload, digest('one'))
    await expect(early).rejects.toMatchObject({ reason: 'digestMismatch' })
    await openUploads().append(upload, chunk('e'))
    await openUploads().commit(upload, digest('one'))
  })

  const steps = ['put', 'move', 'remove'] as const
  it.each(steps)('can be ended again when %s failed the first time', async (step) => {
    const upload = await openUploads().start('a', bare)
    await openUploads().append(upload, chunk('bytes'))
    const failing: StorageDriver = { ...storage, [step]: () => Promise.reject(new Error('failed')) }
    await expect(openUploads(failing).commit(upload, digest('bytes'))).rejects.toThrow('failed')
    await openUploads().commit(upload, digest('bytes'))
    const found = await storage.get(paths.blob(digest('bytes')))
    expect(found?.toString()).toBe('bytes')
    expect(await openUploads().blobs.find('a', digest('bytes'))).toBeDefined()
  })

  it('never shows a blob before its digest is known to be right', async () => {
    const uploads = openUploads()
    const upload = await uploads.start('a', bare)
    await uploads.append(upload, chunk('bytes'))
    await expect(uploads.commit(upload, digest('others'))).rejects.toMatchObject({
      reason: 'digestMismatch',
    })
    expect(await uploads.blobs.find('a', digest('others'))).toBeUndefined()
    expect(await uploads.blobs.find('a', digest('bytes'))).toBeUndefined()
  })
})
