/** The filesystem driver: what every driver must do, and what is its own: drafts, and a full disk. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, it } from '@jest/globals'
import type { StorageDriver } from '../../../../registry/storage/driver.ts'
import { createFilesystemDriver } from '../../../../registry/storage/filesystem/driver.ts'
import { source } from '../../../contract/bytes.ts'
import { lateTags } from '../../../contract/late-tags.ts'
import { storageDriverContract } from '../../../contract/storage-driver.ts'
import { mountSmallDisk } from './mounted.ts'

const folders: string[] = []

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kura-filesystem-'))
  folders.push(folder)
  return folder
}

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

const openTemporary = async () => createFilesystemDriver({ root: await temporary() })
storageDriverContract('filesystem', openTemporary)
lateTags('filesystem', openTemporary)

async function namesIn(driver: StorageDriver, folder: string): Promise<string[]> {
  const names: string[] = []
  for await (const { name } of driver.list(folder)) names.push(name)
  return names
}

describe('drafts', () => {
  it('are gone after a put, whether it went well or not', async () => {
    const root = await temporary()
    const driver = createFilesystemDriver({ root })
    await driver.put('a/value', Buffer.from('old'))
    const call = { signal: AbortSignal.abort() }
    await expect(driver.put('a/value', Buffer.from('new'), call)).rejects.toThrow()
    await mkdir(join(root, 'a/folder/below'), { recursive: true })
    await expect(driver.put('a/folder', Buffer.from('new'))).rejects.toThrow()
    expect((await readdir(join(root, 'a'))).sort()).toEqual(['folder', 'value'])
  })

  it('that a crash left behind are not listed', async () => {
    const root = await temporary()
    const driver = createFilesystemDriver({ root })
    await driver.put('a/link', Buffer.from('value'))
    await writeFile(join(root, 'a/link.3f0c.tmp'), 'val')
    expect(await namesIn(driver, 'a')).toEqual(['link'])
  })
})

it('has nothing under a name that is too long for a file', async () => {
  const driver = createFilesystemDriver({ root: await temporary() })
  const path = `a/${'x'.repeat(300)}/value`
  expect(await driver.stat(path)).toBeUndefined()
  expect(await driver.get(path)).toBeUndefined()
  expect(await driver.read(path)).toBeUndefined()
  expect(await namesIn(driver, path)).toEqual([])
})

it('writes what came in many small chunks before it takes more of them', async () => {
  const root = await temporary()
  const driver = createFilesystemDriver({ root })
  let written = 0
  async function* bytes() {
    for (let count = 0; count < 1_000; count++) yield Buffer.from('x')
    for (let looks = 0; written === 0 && looks < 1_000; looks++) {
      written = (await driver.stat('upload'))?.size ?? 0
    }
  }
  expect(await driver.append('upload', bytes(), { at: 0 })).toBe(1_000)
  expect(written).toBeGreaterThan(0)
})

const whereSeen = existsSync('/proc/self/fd') ? it : it.skip

whereSeen('closes a file whose reader stops early or aborts (skipped without /proc)', async () => {
  const root = await temporary()
  const driver = createFilesystemDriver({ root })
  await driver.put('large', Buffer.alloc(4 * 1024 * 1024))
  for await (const _ of (await driver.read('large')) ?? []) break

  const controller = new AbortController()
  const aborted = async () => {
    const call = { signal: controller.signal }
    for await (const _ of (await driver.read('large', call)) ?? []) controller.abort()
  }
  await expect(aborted()).rejects.toThrow()
  expect(await openBelow(root)).toEqual([])
})

whereSeen('closes a file that is given up, and a folder (skipped without /proc)', async () => {
  const root = await temporary()
  const driver = createFilesystemDriver({ root })
  await driver.put('folder/value', Buffer.from('value'))
  const found = await driver.open('folder/value')
  expect(await openBelow(root)).toHaveLength(1)
  found?.giveUp()
  expect(await driver.open('folder')).toBeUndefined()
  // A file that nobody closes stays open: then this goes on until the test's time is over.
  while ((await openBelow(root)).length > 0) await setImmediate()
})

async function openBelow(root: string): Promise<string[]> {
  const handles = await readdir('/proc/self/fd')
  const files = await Promise.all(
    handles.map((handle) => readlink(`/proc/self/fd/${handle}`).catch(() => '')),
  )
  return files.filter((file) => file.startsWith(root))
}

const disk = mountSmallDisk(256)
const whereMounted = disk ? describe : describe.skip
const skipped = disk ? '' : ' (skipped: this user may not mount a small disk to fill)'
afterAll(() => disk?.unmount())

whereMounted(`a full disk${skipped}`, () => {
  const root = disk?.folder ?? ''
  const driver = createFilesystemDriver({ root })
  const full = { code: 'ENOSPC' }

  afterEach(async () => {
    for (const name of await readdir(root)) await rm(join(root, name), { recursive: true })
  })

  it('fails a put, keeps the old value and leaves no draft', async () => {
    await driver.put('a/value', Buffer.from('old'))
    await expect(driver.put('a/value', Buffer.alloc(1024 * 1024))).rejects.toMatchObject(full)
    await expect(driver.put('a/fresh', Buffer.alloc(1024 * 1024))).rejects.toMatchObject(full)
    expect((await driver.get('a/value'))?.toString()).toBe('old')
    expect(await readdir(join(root, 'a'))).toEqual(['value'])
  })

  it('fails an append, and what it took is whole, in order, and can be gone on with', async () => {
    const chunks = Array.from({ length: 64 }, (_, at) => Buffer.alloc(64 * 1024, at + 1))
    const appending = driver.append('upload', source(chunks), { at: 0 })
    await expect(appending).rejects.toMatchObject(full)

    const kept = (await driver.get('upload')) ?? Buffer.alloc(0)
    expect(kept.equals(Buffer.concat(chunks).subarray(0, kept.length))).toBe(true)
    expect(await driver.stat('upload')).toMatchObject({ size: kept.length })
    await driver.remove('upload')
    expect(await driver.append('upload', source(['small']), { at: 0 })).toBe(5)
  })
})
