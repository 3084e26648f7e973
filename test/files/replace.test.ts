import { spawnSync } from 'node:child_process'
import { chmod, readdir, readFile, realpath, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { changeFile, replaceFile } from '../../files/replace.ts'
import { useCleanup } from '../support/cleanup.ts'
import { flushesOf } from './flushes.ts'

const ways = {
  replaceFile: (path: string, text: string) => replaceFile(path, text, 0o600),
  changeFile: (path: string, text: string) => changeFile(path, () => text),
}
const names = Object.keys(ways) as (keyof typeof ways)[]

const cleanup = useCleanup()
let folder: string
let path: string

beforeEach(async () => {
  folder = await realpath(await cleanup.folder())
  path = join(folder, 'a.txt')
})

describe.each(names)('%s', (name) => {
  const replace = ways[name]

  it('puts the new text in place of the old, and leaves no draft', async () => {
    await replace(path, 'old')
    await replace(path, 'new')
    expect(await readFile(path, 'utf8')).toBe('new')
    expect(await readdir(folder)).toEqual(['a.txt'])
  })

  it('flushes the draft before it has the name, and the folder afterwards', async () => {
    expect(await flushesOf(path, () => replace(path, 'text'))).toEqual([
      'draft before',
      'folder after',
    ])
  })
})

it('is never seen half-written', async () => {
  const long = ['a', 'b'].map((letter) => letter.repeat(200_000))
  await replaceFile(path, long[0] ?? '', 0o600)
  const writing = Promise.all(long.map((text) => replaceFile(path, text, 0o600)))
  const seen = await Promise.all(Array.from({ length: 50 }, () => readFile(path, 'utf8')))
  await writing
  expect(seen.filter((text) => !long.includes(text))).toEqual([])
})

describe('a change', () => {
  it('is made of what is there, and keeps its mode', async () => {
    await replaceFile(path, 'one', 0o600)
    await chmod(path, 0o640)
    await changeFile(path, (bytes) => `${bytes} two`)
    expect(await readFile(path, 'utf8')).toBe('one two')
    expect((await stat(path)).mode & 0o777).toBe(0o640)
  })

  it('is made where a link points to', async () => {
    await replaceFile(path, 'one', 0o600)
    const link = join(folder, 'link')
    await symlink(path, link)
    await changeFile(link, (bytes) => `${bytes} two`)
    expect(await readFile(path, 'utf8')).toBe('one two')
    expect(await readdir(folder)).toEqual(['a.txt', 'link'])
  })

  it('is turned away while another process makes one, and leaves that one alone', async () => {
    const module = new URL('../../files/replace.ts', import.meta.url).href
    const program = `import { changeFile } from '${module}'
      await changeFile(${JSON.stringify(path)}, () => 'two')`
    const command = ['--input-type=module', '-e', program]
    let other = ''
    await changeFile(path, () => {
      other = spawnSync(process.execPath, command, { encoding: 'utf8' }).stderr
      return 'one'
    })
    expect(other).toContain('another change is being made')
    expect(await readFile(path, 'utf8')).toBe('one')
  })

  it('that fails leaves the old text, and makes way for the next', async () => {
    await replaceFile(path, 'one', 0o600)
    const fail = () => {
      throw new Error('no')
    }
    await expect(changeFile(path, fail)).rejects.toThrow('no')
    expect(await readFile(path, 'utf8')).toBe('one')
    expect(await readdir(folder)).toEqual(['a.txt'])
  })
})
