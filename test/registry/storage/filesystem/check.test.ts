/** A data folder at start, before anything is served from it. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, it } from '@jest/globals'
import { checkFolder } from '../../../../registry/storage/filesystem/check.ts'
import { openStorage } from '../../../../registry/storage/open.ts'
import { mountReadOnly } from './mounted.ts'

let parent: string
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'kura-check-'))
})
afterEach(() => rm(parent, { recursive: true }))

const setting = /REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY/

it('makes a folder that is not there, and leaves nothing in it', async () => {
  await checkFolder(join(parent, 'new/data'))
  expect(await readdir(join(parent, 'new/data'))).toEqual([])
})

const welcome: [what: string, names: string[]][] = [
  ['an empty folder', []],
  ['a volume of an earlier registry', ['docker/']],
  ['a volume of an earlier proxy', ['docker/', 'scheduler-state.json']],
  ['a volume that is shared with something else', ['docker/', 'backups/', 'notes.txt']],
  ['a volume that we began and never pushed to', ['kura/']],
  ['a disk of its own', ['lost+found/']],
  ['what was put there for a registry to come', ['certs/', 'auth/', 'policies/']],
  ['a folder of hidden files', ['.snapshot/', '.keep']],
]

it.each(welcome)('is content with %s', async (_what, names) => {
  await fill(names)
  await checkFolder(parent)
  const expected = names.map((name) => name.replace('/', '')).sort()
  expect((await readdir(parent)).sort()).toEqual(expected)
})

it('refuses a folder of something else, and says what it found and which setting to change', async () => {
  await fill(['a.txt', 'b/', 'c', 'd', '.hidden'])
  await expect(checkFolder(parent)).rejects.toThrow(/is not empty .*found (?!.*hidden)/)
  await expect(checkFolder(parent)).rejects.toThrow(setting)
  await expect(checkFolder(parent)).rejects.toThrow(parent)
})

it('refuses a path that leads through a file', async () => {
  await writeFile(join(parent, 'file'), '')
  for (const path of ['file', 'file/data', 'file/data/deeper']) {
    await expect(checkFolder(join(parent, path))).rejects.toThrow(/a part of the path is a file/)
    await expect(checkFolder(join(parent, path))).rejects.toThrow(setting)
  }
})

const disk = mountReadOnly()
afterAll(() => disk?.unmount())
const whereMounted = disk ? it : it.skip
const skipped = disk ? '' : ' (skipped: this user may not mount a file system)'

whereMounted(`refuses a read-only file system${skipped}`, async () => {
  const folder = disk?.folder ?? ''
  await expect(checkFolder(folder)).rejects.toThrow(/read-only file system/)
  await expect(checkFolder(join(folder, 'data'))).rejects.toThrow(setting)
})

whereMounted(`is content with one when nothing is to be written${skipped}`, async () => {
  const folder = disk?.folder ?? ''
  await checkFolder(folder, { readOnly: true })
  await expect(checkFolder(join(folder, 'data'), { readOnly: true })).rejects.toThrow(setting)
})

it('opens the driver that was asked for, after the check', async () => {
  const { driver } = await openStorage({ driver: 'filesystem', rootdirectory: parent })
  await driver.put('docker/value', Buffer.from('x'))
  expect(await readdir(join(parent, 'docker'))).toEqual(['registry', 'value'])

  await fill(['docker/', 'foreign'])
  await rm(join(parent, 'docker'), { recursive: true })
  const opening = openStorage({ driver: 'filesystem', rootdirectory: parent })
  await expect(opening).rejects.toThrow(setting)
})

async function fill(names: string[]): Promise<void> {
  for (const name of names) {
    if (name.endsWith('/')) await mkdir(join(parent, name), { recursive: true })
    else await writeFile(join(parent, name), '')
  }
}
