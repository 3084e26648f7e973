/** A folder that is removed while something is put into it: neither of the two fails. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { StorageDriver } from '../../../../registry/storage/driver.ts'
import { createFilesystemDriver } from '../../../../registry/storage/filesystem/driver.ts'
import { source } from '../../../contract/bytes.ts'

let root = ''
let driver: StorageDriver
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kura-removed-'))
  driver = createFilesystemDriver({ root })
})
afterAll(() => rm(root, { recursive: true }))

const value = Buffer.from('value')

/** The changes that put a value to a path where there was none. */
const changes: Record<string, (path: string) => Promise<unknown>> = {
  put: (path) => driver.put(path, value),
  replace: (path) => driver.replace(path, value, { over: undefined }),
  append: (path) => driver.append(path, source(['val', 'ue']), { at: 0 }),
  async move(path) {
    const from = path.replaceAll('/', '-')
    await driver.put(from, value, { hint: true })
    await driver.move(from, path)
  },
}

describe('a folder that is removed meanwhile', () => {
  it.each(Object.keys(changes))('fails no %s, and its removal does not fail', async (name) => {
    const early = Array.from({ length: 40 }, (_, number) => `folder/${number % 4}/${number}`)
    const change = changes[name] as (path: string) => Promise<unknown>
    for (let round = 0; round < 10; round++) {
      for (const part of ['0', '1', '2', '3']) {
        await mkdir(join(root, 'folder', part), { recursive: true })
      }
      await Promise.all(early.map((path) => writeFile(join(root, path), value)))
      let isRemoved = false
      const removal = driver.remove('folder').finally(() => {
        isRemoved = true
      })
      const late: string[] = []
      const putting = async (writer: number) => {
        for (let number = 0; !isRemoved; number++) {
          const path = `folder/${number % 4}/late-${round}-${writer}-${number}`
          await change(path)
          late.push(path)
        }
      }
      await Promise.all([removal, putting(1), putting(2), putting(3)])
      for (const path of early) expect(await driver.get(path)).toBeUndefined()
      for (const path of late) expect([undefined, value]).toContainEqual(await driver.get(path))
    }
  })

  it('fails no new holder of a value in it', async () => {
    for (let round = 0; round < 10; round++) {
      const paths = Array.from({ length: 30 }, (_, number) => `held/${number}`)
      await mkdir(join(root, 'held'), { recursive: true })
      await Promise.all(paths.map((path) => writeFile(join(root, path), value)))
      await Promise.all([...paths.map((path) => driver.detach(path)), driver.remove('held')])
      for (const path of paths) expect([undefined, value]).toContainEqual(await driver.get(path))
    }
  })

  it('is gone once it is removed after the last change', async () => {
    await driver.put('folder/late', value)
    await driver.put('held/late', value)
    await Promise.all([driver.remove('folder'), driver.remove('held')])
    expect(await readdir(root)).toEqual([])
  })
})

it('a path below a file is not there to be removed', async () => {
  await driver.put('file', value)
  await driver.remove('file/below')
  expect(await driver.get('file')).toEqual(value)
})
