/** Leases as files: claims of the living hold, those of the dead and the silent do not. */
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { openFileLeases } from '../../../registry/leases/files.ts'
import type { Leases } from '../../../registry/leases/lease.ts'
import { processName } from '../../../registry/leases/process-name.ts'
import { exclusionContract } from './exclusion.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kura-leases-'))
})
afterEach(() => rm(folder, { recursive: true }))

exclusionContract('leases as files', (longest) => openFileLeases(folder, { longest }))

/** A claim to `name`, as `owner` would write it, last touched `age` milliseconds ago. */
async function claim(name: string, owner: string, age = 0): Promise<string> {
  const key = createHash('sha256').update(name).digest('hex').slice(0, 32)
  const path = join(folder, `${key}.${owner}.0f0e-claim`)
  await writeFile(path, '')
  const touched = new Date(Date.now() - age)
  await utimes(path, touched, touched)
  return path
}

describe('a claim', () => {
  const opened: Leases[] = []
  const open = async (times?: Parameters<typeof openFileLeases>[1]) => {
    const leases = await openFileLeases(folder, times)
    opened.push(leases)
    return leases
  }
  const hold = (leases: Leases) => leases.hold('x', 'unavailable', async () => 'held')
  afterEach(async () => {
    for (const leases of opened.splice(0)) await leases.close()
  })

  const dead: [whose: string, owner: () => string][] = [
    ['a process that is gone', () => processName().replace(/-\d+-/, '-4194305-')],
    ['an earlier process with our number', () => processName().replace(/\d+$/, '1')],
  ]
  it.each(dead)('of %s is cleared away at once', async (_whose, owner) => {
    await claim('x', owner())
    const leases = await open({ longest: 0 })
    expect(await hold(leases)).toBe('held')
    expect(await readdir(folder)).toEqual([])
  })

  it('of a living process holds, however old it is', async () => {
    const path = await claim('x', processName(), 3_600_000)
    const leases = await open({ longest: 0 })
    await expect(hold(leases)).rejects.toMatchObject({ reason: 'unavailable' })
    await rm(path)
    expect(await hold(leases)).toBe('held')
  })

  it('from elsewhere holds while it is fresh', async () => {
    await claim('x', 'elsewhere-1-1')
    const leases = await open({ longest: 0 })
    await expect(hold(leases)).rejects.toMatchObject({ reason: 'unavailable' })
  })

  it('from elsewhere is dead once it has been silent for long', async () => {
    await claim('x', 'elsewhere-1-1', 10_001)
    expect(await hold(await open({ longest: 0 }))).toBe('held')
    expect(await readdir(folder)).toEqual([])
  })

  it('from elsewhere is waited for until it expires, within our patience', async () => {
    await claim('x', 'elsewhere-1-1')
    const leases = await open({ heartbeat: 10, longest: 5_000 })
    expect(await hold(leases)).toBe('held')
  })

  it('shows signs of life while it is held, and is gone afterwards', async () => {
    const leases = await open({ heartbeat: 5 })
    await leases.hold('x', 'unavailable', async () => {
      const [path = ''] = (await readdir(folder)).map((name) => join(folder, name))
      await utimes(path, new Date(0), new Date(0))
      const { stat } = await import('node:fs/promises')
      const beat = async (): Promise<void> => {
        await new Promise(setImmediate)
        if ((await stat(path)).mtimeMs === 0) return beat()
      }
      await beat()
    })
    expect(await readdir(folder)).toEqual([])
  })

  it('to one name does not hold another', async () => {
    await claim('y', processName())
    expect(await hold(await open({ longest: 0 }))).toBe('held')
  })

  it('is respected among two that opened the same folder', async () => {
    const [one, two] = [await open(), await open({ longest: 0 })]
    await one.hold('x', 'unavailable', async () => {
      await expect(hold(two)).rejects.toMatchObject({ reason: 'unavailable' })
    })
    expect(await hold(two)).toBe('held')
  })
})
