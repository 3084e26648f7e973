import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { createFile, createPrivateFile, removeFile } from '../../files/create.ts'
import { useCleanup } from '../support/cleanup.ts'
import { flushesOf } from './flushes.ts'

const ways = {
  createFile: (path: string, text: string) => createFile(path, () => text, 0o644),
  createPrivateFile,
}
const names = Object.keys(ways) as (keyof typeof ways)[]

const cleanup = useCleanup()
let folder: string
let path: string

beforeEach(async () => {
  folder = await realpath(await cleanup.folder())
  path = join(folder, 'a.key')
})

describe.each(names)('%s', (name) => {
  const create = ways[name]

  it('lets exactly one of several have its way, and leaves no draft', async () => {
    const texts = Array.from({ length: 20 }, (_, at) => `text ${at}`)
    const made = await Promise.all(texts.map((text) => create(path, text)))
    expect(made.filter(Boolean)).toHaveLength(1)
    expect(await readFile(path, 'utf8')).toBe(texts[made.indexOf(true)])
    expect(await readdir(folder)).toEqual(['a.key'])
  })

  it('flushes the draft before it has the name, and the folder afterwards', async () => {
    expect(await flushesOf(path, () => create(path, 'text'))).toEqual([
      'draft before',
      'folder after',
    ])
  })

  it('leaves no draft where it fails', async () => {
    const below = join(folder, 'a.key', 'b')
    await create(path, 'text')
    await expect(create(below, 'text')).rejects.toThrow(/ENOTDIR|EEXIST/)
    expect(await readdir(folder)).toEqual(['a.key'])
  })
})

it('makes no text for a file that is there', async () => {
  await createFile(path, () => 'first', 0o600)
  const refuse = () => {
    throw new Error('it was made')
  }
  expect(await createFile(path, refuse, 0o600)).toBe(false)
})

it('has the rights that were asked for', async () => {
  await createFile(path, () => 'text', 0o640)
  expect((await stat(path)).mode & 0o777).toBe(0o640)
})

it('is for its owner alone in a folder that it makes', async () => {
  const inner = join(folder, 'new', 'a.key')
  await createPrivateFile(inner, 'text')
  expect((await stat(inner)).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder, 'new'))).mode & 0o777).toBe(0o700)
})

it('is removed once, and the folder is flushed', async () => {
  await createPrivateFile(path, 'text')
  expect(await flushesOf(path, () => removeFile(path))).toEqual(['folder before'])
  expect(await removeFile(path)).toBe(false)
})
