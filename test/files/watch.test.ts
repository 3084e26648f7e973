import { writeFileSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { folderMark } from '../../files/folder-mark.ts'
import { type Look, watch } from '../../files/watch.ts'
import { useCleanup } from '../support/cleanup.ts'

const cleanup = useCleanup()
let path: string

beforeEach(async () => {
  path = join(await cleanup.folder(), 'numbers.json')
  await writeFile(path, '[1]')
})

type Heard = { changes: number[][]; reports: string[]; recoveries: number }

/** Watches a file of numbers; `beforeLook` happens before each look, with its number. */
function open({ settleMs = 1, beforeLook = (_look: number) => {} } = {}) {
  const heard: Heard = { changes: [], reports: [], recoveries: 0 }
  let looks = 0
  const watched = watch<number[]>({
    async look(): Promise<Look<number[]>> {
      looks += 1
      beforeLook(looks)
      const text = await readFile(path, 'utf8')
      return { mark: text, make: () => JSON.parse(text) }
    },
    settleMs,
    report: (error) => heard.reports.push(String(error)),
    onChange: (value) => heard.changes.push(value),
    onRecovery: () => {
      heard.recoveries += 1
    },
  })
  return { watched, heard }
}

describe('a file', () => {
  it('is taken at once the first time, and after a change once it is settled', async () => {
    const { watched, heard } = open()
    expect(await watched.check()).toEqual([1])
    await writeFile(path, '[2]')
    expect(await watched.check()).toEqual([2])
    expect(heard).toEqual({ changes: [[2]], reports: [], recoveries: 0 })
  })

  it('is not taken while it is half-written, whether that could be read or not', async () => {
    const parts = ['', '[2', '[2]', '[2] ', '[2, 3]']
    const write = (look: number) => writeFileSync(path, parts[look - 2] ?? '[2, 3]')
    const { watched, heard } = open({ beforeLook: (look) => look > 1 && write(look) })
    await watched.check()
    // It does not come to rest within one check.
    expect(await watched.check()).toEqual([1])
    expect(await watched.check()).toEqual([2, 3])
    expect(heard).toEqual({ changes: [[2, 3]], reports: [], recoveries: 0 })
  })

  it('is seen when another is put in its place, and when it is edited in place', async () => {
    const { watched } = open()
    await watched.check()
    await writeFile(`${path}.new`, '[2]')
    await rename(`${path}.new`, path)
    expect(await watched.check()).toEqual([2])
    await writeFile(path, '[3]')
    expect(await watched.check()).toEqual([3])
  })

  it('that cannot be used is reported once, and the last good value stays', async () => {
    const { watched, heard } = open()
    await watched.check()
    await writeFile(path, 'no')
    for (const _ of [1, 2, 3]) expect(await watched.check()).toEqual([1])
    expect(heard.reports).toHaveLength(1)
    await rename(path, `${path}.gone`)
    for (const _ of [1, 2, 3]) expect(await watched.check()).toEqual([1])
    expect(heard.reports).toEqual([expect.any(String), expect.stringContaining('ENOENT')])
  })

  it('that is as it was before something was reported is told to have recovered', async () => {
    const { watched, heard } = open()
    await watched.check()
    await writeFile(path, 'no')
    await watched.check()
    await writeFile(path, '[1]')
    await watched.check()
    await watched.check()
    expect(heard).toMatchObject({ changes: [], recoveries: 1 })
  })

  it('that is away for a moment is not reported', async () => {
    const away = (look: number) => look === 2
    const { watched, heard } = open({
      beforeLook: (look) => writeFileSync(path, away(look) ? 'no' : '[1]'),
    })
    await watched.check()
    expect(await watched.check()).toEqual([1])
    expect(heard.reports).toEqual([])
  })

  it('is looked at again where there has never been a good value', async () => {
    const { watched, heard } = open()
    await writeFile(path, 'no')
    await expect(watched.get()).rejects.toThrow('not valid JSON')
    await writeFile(path, '[5]')
    expect(await watched.get()).toEqual([5])
    expect(heard.reports).toEqual([])
  })

  it('changes nothing once it is closed, also in the middle of a look', async () => {
    const { watched, heard } = open({ settleMs: 1_000_000 })
    await watched.check()
    await writeFile(path, '[2]')
    const checking = watched.check()
    await watched.close()
    expect(await checking).toEqual([1])
    expect(heard.changes).toEqual([])
  })
})

describe('the mark of a folder', () => {
  it('is never twice the same while a change could be missed', async () => {
    const folder = join(path, '..')
    expect(await folderMark(folder)).not.toBe(await folderMark(folder))
  })
})
