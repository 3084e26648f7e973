/** A process that was halted for too long knows that its leases in a folder may be gone. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { openFileLeases } from '../../../registry/leases/files.ts'
import { useCleanup } from '../../support/cleanup.ts'

const cleanup = useCleanup()
const halt = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

async function signOfLife(folder: string): Promise<void> {
  const [claim = ''] = await readdir(folder)
  const before = (await stat(join(folder, claim))).mtimeMs
  while ((await stat(join(folder, claim))).mtimeMs === before);
}

it('a lease is held all the while, unless the process is halted, and from then on no more', async () => {
  const folder = await cleanup.folder()
  const leases = await openFileLeases(folder, { heartbeat: 200 })
  await leases.hold('x', 'unavailable', async (lease) => {
    expect(lease.isHeld()).toBe(true)
    halt(1_100)
    expect(lease.isHeld()).toBe(false)
    // Also once it shows signs of life again.
    await signOfLife(folder)
    expect(lease.isHeld()).toBe(false)
  })
  expect(await leases.hold('x', 'unavailable', async (lease) => lease.isHeld())).toBe(true)
  await leases.close()
})
