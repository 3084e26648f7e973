/** The contract of storage drivers. A driver is done when its own short test file passes this. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { StorageDriver } from '../../registry/storage/driver.ts'
import { streamContract } from './storage-streams.ts'
import { versionContract } from './storage-versions.ts'

export type OpenDriver = () => Promise<StorageDriver>

export function storageDriverContract(name: string, open: OpenDriver) {
  describe(`the ${name} driver`, () => {
    let driver: StorageDriver
    beforeEach(async () => {
      driver = await open()
    })
    afterEach(() => driver.close())

    const put = (path: string, text: string) => driver.put(path, Buffer.from(text))
    const stored = async (path: string) => (await driver.get(path))?.toString()
    const names = async (folder: string, after?: string) => {
      const found: string[] = []
      for await (const entry of driver.list(folder, { after })) {
        found.push(entry.isFolder ? `${entry.name}/` : entry.name)
      }
      return found
    }

    describe('values', () => {
      it('answers what is absent with undefined', async () => {
        await put('a/value', 'x')
        for (const path of ['absent', 'a/absent', 'a/value/below', 'b/c/d']) {
          expect(await driver.stat(path)).toBeUndefined()
          expect(await driver.get(path)).toBeUndefined()
          expect(await driver.read(path)).toBeUndefined()
        }
      })

      it('has no value where there is a folder', async () => {
        await put('folder/value', 'x')
        expect(await driver.stat('folder')).toBeUndefined()
      })

      it('keeps a value byte for byte, and says how long it is and since when', async () => {
        const before = Date.now()
        const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
        await driver.put('a/b/c', bytes)
        expect(await driver.get('a/b/c')).toEqual(bytes)
        const found = await driver.stat('a/b/c')
        expect(found?.size).toBe(256)
        // Clocks of file systems run in ticks of a few milliseconds.
        expect(found?.changedAt.getTime()).toBeGreaterThan(before - 1000)
        expect(found?.changedAt.getTime()).toBeLessThan(Date.now() + 1000)
      })

      it('keeps an empty value, which is not the same as none', async () => {
        await put('empty', '')
        expect(await driver.stat('empty')).toMatchObject({ size: 0 })
        expect(await stored('empty')).toBe('')
      })

      it('replaces a value as a whole, by a shorter one too', async () => {
        await put('k', 'a long old value')
        await put('k', 'new')
        expect(await stored('k')).toBe('new')
      })

      it('keeps the old value when a put is aborted', async () => {
        await put('k', 'old')
        const call = { signal: AbortSignal.abort(new Error('client left')) }
        await expect(driver.put('k', Buffer.from('new'), call)).rejects.toThrow()
        expect(await stored('k')).toBe('old')
        await expect(driver.put('fresh', Buffer.from('new'), call)).rejects.toThrow()
        expect(await stored('fresh')).toBeUndefined()
      })

      it('keeps and replaces a value that is merely a hint like any other', async () => {
        await put('k', 'old')
        await driver.put('k', Buffer.from('hint'), { hint: true })
        expect(await stored('k')).toBe('hint')
        await put('k', 'new')
        expect(await stored('k')).toBe('new')
      })

      it('is left with one whole value by many puts at once', async () => {
        const values = Array.from({ length: 20 }, (_, at) => Buffer.alloc(100_000, at))
        const reads: Promise<Buffer | undefined>[] = []
        await Promise.all(
          values.map(async (value) => {
            await driver.put('contested', value)
            reads.push(driver.get('contested'))
          }),
        )
        for (const read of [...(await Promise.all(reads)), await driver.get('contested')]) {
          expect(values.some((value) => read?.equals(value))).toBe(true)
        }
      })
    })

    describe('moving', () => {
      it('takes a value to another place, folders and all', async () => {
        await put('from/here', 'value')
        await driver.move('from/here', 'to/a/new/place')
        expect(await stored('to/a/new/place')).toBe('value')
        expect(await driver.stat('from/here')).toBeUndefined()
      })

      it('replaces what was there', async () => {
        await put('from', 'new')
        await put('to', 'a longer old value')
        await driver.move('from', 'to')
        expect(await stored('to')).toBe('new')
      })

      it('rejects when there is nothing to move, and leaves the other value', async () => {
        await put('to', 'old')
        await expect(driver.move('absent', 'to')).rejects.toThrow()
        expect(await stored('to')).toBe('old')
      })
    })

    describe('listing', () => {
      it('shows the direct children in byte order and which of them are folders', async () => {
        for (const path of ['b', 'a-b', 'a/x', 'B', 'a.b/y/z', 'a_b', '10', '9']) {
          await put(`list/${path}`, '')
        }
        const all = ['10', '9', 'B', 'a/', 'a-b', 'a.b/', 'a_b', 'b']
        expect(await names('list')).toEqual(all)
        expect(await names('list/a.b')).toEqual(['y/'])
      })

      it('goes on after a name, whether or not there is such a child', async () => {
        for (const path of ['a', 'b', 'c/x', 'd']) await put(`list/${path}`, '')
        expect(await names('list', 'b')).toEqual(['c/', 'd'])
        expect(await names('list', 'aa')).toEqual(['b', 'c/', 'd'])
        expect(await names('list', 'd')).toEqual([])
      })

      it('has no children for a folder that is absent or a value', async () => {
        await put('value', 'x')
        expect(await names('absent')).toEqual([])
        expect(await names('value')).toEqual([])
      })

      it('keeps apart folders whose names begin alike', async () => {
        await put('team/x', '')
        await put('team-b/y', '')
        expect(await names('team')).toEqual(['x'])
      })

      it('shows folders with names that look like drafts', async () => {
        await put('tags/x.tmp/current/link', 'x')
        await put('tags/v1.0.tmp/current/link', 'x')
        expect(await names('tags')).toEqual(['v1.0.tmp/', 'x.tmp/'])
      })
    })

    describe('removing', () => {
      it('takes away one value and no other', async () => {
        await put('a/one', '1')
        await put('a/one-more', '2')
        await driver.remove('a/one')
        expect(await driver.stat('a/one')).toBeUndefined()
        expect(await stored('a/one-more')).toBe('2')
      })

      it('takes away the only values of a folder, some of which may be absent', async () => {
        for (const name of ['a', 'b', 'c']) await put(`folder/${name}`, name)
        await driver.remove('folder', { only: ['a', 'b', 'c', 'absent'] })
        expect(await names('folder')).toEqual([])
      })

      it('takes away a folder with all that is below, and no neighbour', async () => {
        for (const path of ['a/b/c', 'a/b/d/e', 'a/bc', 'ab']) await put(path, path)
        await driver.remove('a/b')
        expect(await names('a')).toEqual(['bc'])
        expect(await driver.get('a/b/d/e')).toBeUndefined()
        expect(await stored('ab')).toBe('ab')
      })

      it('is content when there is nothing to remove', async () => {
        await driver.remove('absent')
        await driver.remove('absent/and/deeper')
      })
    })

    streamContract(() => driver)
    versionContract(() => driver)
  })
}
