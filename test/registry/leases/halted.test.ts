/** A process that was halted for too long knows that its leases in a folder may be gone. */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, it } from '@jest/globals'
import { openFileLeases } from '../../../registry/leases/files.ts'
import { createFilesystemDriver } from '../../../registry/storage/filesystem/driver.ts'
import { useCleanup } from '../../support/cleanup.ts'

const cleanup = useCleanup()
const halt = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

/** Of a claim that is none of `others`. */
async function signOfLife(folder: string, others: string[]): Promise<void> {
  const claim = (await readdir(folder)).find((it) => !others.includes(it)) ?? ''
  const before = (await stat(join(folder, claim))).mtimeMs
  while ((await stat(join(folder, claim))).mtimeMs === before);
}

it('a lease is held all the while, unless the process is halted, and from then on no more', async () => {
  const folder = await cleanup.folder()
  const leases = await openFileLeases(folder, { heartbeat: 200 })
  await leases.hold('x', 'unavailable', async (lease) => {
    expect(lease.isHeld()).toBe(true)
    const lost = await readdir(folder)
    halt(1_100)
    expect(lease.isHeld()).toBe(false)
    expect(lease.check).toThrow(expect.objectContaining({ reason: 'unavailable', status: 503 }))
    // Also once the process shows signs of life again.
    await leases.hold('y', 'unavailable', () => signOfLife(folder, lost))
    expect(lease.isHeld()).toBe(false)
    await expect(lease.confirm()).rejects.toMatchObject({ reason: 'unavailable' })
  })
  expect(await leases.hold('x', 'unavailable', async (lease) => lease.isHeld())).toBe(true)
  await leases.close()
})

it('a lease whose claim was cleared away is lost at once, and so is its way', async () => {
  const root = await cleanup.folder()
  const folder = join(root, 'leases')
  const leases = await openFileLeases(folder, { root })
  const storage = createFilesystemDriver({ root })
  await storage.put('a', Buffer.from('before'))
  await leases.hold('x', 'unavailable', async (lease) => {
    await lease.confirm()
    const fence = { check() {}, way: lease.way }
    await storage.put('a', Buffer.from('held'), { fence })
    const [claim = ''] = await readdir(folder)
    await rm(join(root, 'kura/ways', claim))
    for (const change of [
      storage.put('a', Buffer.from('late'), { fence }),
      storage.append('a', Readable.from([Buffer.from('late')]), { at: 4, fence }),
      storage.move('a', 'b', { fence }),
      storage.detach('a', { fence }),
    ]) {
      await expect(change).rejects.toMatchObject({ code: 'ENOENT' })
    }
    await storage.remove('a', { fence })
    expect(`${await storage.get('a')}`).toBe('held')
    expect(await storage.get('b')).toBeUndefined()

    await rm(join(folder, claim))
    await expect(lease.confirm()).rejects.toMatchObject({ reason: 'unavailable', status: 503 })
    expect(lease.isHeld()).toBe(false)
  })
  await leases.close()
})
