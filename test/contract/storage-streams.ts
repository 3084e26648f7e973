/** The part of the contract for storage drivers that is about bytes in motion: reading and appending. */
import { randomBytes } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import type { StorageDriver } from '../../registry/storage/driver.ts'
import { bytesOf, fingerprint, source } from './bytes.ts'

const megabyte = 1024 * 1024

export function streamContract(opened: () => StorageDriver) {
  describe('opening', () => {
    it('answers bytes with their size and time', async () => {
      const value = randomBytes(2 * megabyte + 7)
      await opened().put('k', value)
      const found = await opened().open('k')
      expect(found).toMatchObject({ ...(await opened().stat('k')), size: value.length })
      expect(fingerprint(await bytesOf(found?.bytes))).toBe(fingerprint(value))
    })

    it('answers an empty value, and what is absent or a folder with undefined', async () => {
      await opened().put('folder/k', Buffer.alloc(0))
      const found = await opened().open('folder/k')
      expect(found?.size).toBe(0)
      expect(await bytesOf(found?.bytes)).toHaveLength(0)
      for (const path of ['absent', 'folder']) expect(await opened().open(path)).toBeUndefined()
    })

    it('holds nothing for bytes that are given up', async () => {
      const value = randomBytes(2 * megabyte + 7)
      await opened().put('k', value)
      for (let count = 0; count < 20; count++) (await opened().open('k'))?.giveUp()
      const found = await bytesOf((await opened().open('k'))?.bytes)
      expect(fingerprint(found)).toBe(fingerprint(value))
    })
  })

  describe('reading', () => {
    const ranges: [first: number, last: number, found: string][] = [
      [0, 9, '0123456789'],
      [0, 0, '0'],
      [9, 9, '9'],
      [3, 6, '3456'],
    ]
    it.each(ranges)('gives bytes %d to %d, both included', async (first, last, found) => {
      await opened().put('digits', Buffer.from('0123456789'))
      const bytes = await bytesOf(await opened().read('digits', { range: { first, last } }))
      expect(bytes.toString()).toBe(found)
    })

    it('gives a large value whole, in chunks', async () => {
      const value = randomBytes(3 * megabyte + 7)
      await opened().put('large', value)
      let count = 0
      for await (const _ of (await opened().read('large')) ?? []) count++
      expect(count).toBeGreaterThan(1)
      const found = await bytesOf(await opened().read('large'))
      expect(fingerprint(found)).toBe(fingerprint(value))
      const range = { first: megabyte - 1, last: 3 * megabyte }
      const middle = await bytesOf(await opened().read('large', { range }))
      expect(fingerprint(middle)).toBe(fingerprint(value.subarray(megabyte - 1, 3 * megabyte + 1)))
    })

    it('gives an empty value as no bytes', async () => {
      await opened().put('empty', Buffer.alloc(0))
      expect(await bytesOf(await opened().read('empty'))).toHaveLength(0)
    })

    it('stops when the caller aborts', async () => {
      await opened().put('large', Buffer.alloc(8 * megabyte))
      const controller = new AbortController()
      const bytes = await opened().read('large', { signal: controller.signal })
      let seen = 0
      const reading = async () => {
        for await (const chunk of bytes ?? []) {
          seen += chunk.length
          controller.abort()
        }
      }
      await expect(reading()).rejects.toMatchObject({ name: 'AbortError' })
      expect(seen).toBeLessThan(8 * megabyte)
    })

    it('lets a reader stop early and another one go on', async () => {
      const value = randomBytes(2 * megabyte)
      await opened().put('large', value)
      for await (const _ of (await opened().read('large')) ?? []) break
      const [one, two] = await Promise.all([
        opened().read('large').then(bytesOf),
        opened().read('large').then(bytesOf),
      ])
      expect([fingerprint(one), fingerprint(two)]).toEqual(Array(2).fill(fingerprint(value)))
    })

    it('goes on with what it opened when the value is replaced or removed', async () => {
      const value = randomBytes(2 * megabyte)
      await opened().put('large', value)
      const bytes = await opened().read('large')
      await opened().put('large', Buffer.from('new'))
      await opened().remove('large')
      expect(fingerprint(await bytesOf(bytes))).toBe(fingerprint(value))
    })

    it('begins nothing for a caller that has already aborted', async () => {
      await opened().put('k', Buffer.from('value'))
      const call = { signal: AbortSignal.abort() }
      await expect(opened().stat('k', call)).rejects.toThrow()
      await expect(opened().get('k', call)).rejects.toThrow()
      await expect(opened().read('k', call)).rejects.toThrow()
      await expect(opened().move('k', 'l', call)).rejects.toThrow()
      await expect(opened().remove('k', call)).rejects.toThrow()
      await expect(opened().list('', call)[Symbol.asyncIterator]().next()).rejects.toThrow()
      expect((await opened().get('k'))?.toString()).toBe('value')
    })
  })

  describe('appending', () => {
    it('makes a value, adds to it, and answers its size', async () => {
      const driver = opened()
      expect(await driver.append('a/log', source(['one ', 'two ']), { at: 0 })).toBe(8)
      expect(await driver.append('a/log', source(['three']), { at: 8 })).toBe(13)
      expect((await driver.get('a/log'))?.toString()).toBe('one two three')
    })

    it('makes an empty value of nothing', async () => {
      expect(await opened().append('nothing', source([]), { at: 0 })).toBe(0)
      expect(await opened().stat('nothing')).toMatchObject({ size: 0 })
    })

    it('keeps the order of many chunks of odd sizes, over several megabytes', async () => {
      const sizes = [1, 0, 17, megabyte, 4095, megabyte + 1, 65_536, 3, 2 * megabyte - 1, 0, 999]
      const chunks = [...sizes, ...sizes].map((size) => randomBytes(size))
      const whole = Buffer.concat(chunks)
      const driver = opened()
      const half = chunks.slice(0, 11)
      const at = await driver.append('large', source(half), { at: 0 })
      const size = await driver.append('large', source(chunks.slice(11)), { at })
      expect(size).toBe(whole.length)
      const found = await bytesOf(await driver.read('large'))
      expect(fingerprint(found)).toBe(fingerprint(whole))
    })

    it.each([0, 3, 9])('rejects at %d when there are 5 bytes, and takes none', async (at) => {
      await opened().put('k', Buffer.from('12345'))
      await expect(opened().append('k', source(['67']), { at })).rejects.toThrow()
      expect((await opened().get('k'))?.toString()).toBe('12345')
    })

    it('rejects to go on with a value that is absent, and makes none', async () => {
      await expect(opened().append('absent', source(['x']), { at: 5 })).rejects.toThrow()
      expect(await opened().stat('absent')).toBeUndefined()
    })

    it('keeps what came before the source broke off, and goes on from there', async () => {
      const driver = opened()
      const whole = randomBytes(2 * megabyte + 100)
      const came = [whole.subarray(0, 5), whole.subarray(5, megabyte + 50)]
      const broken = source(came, new Error('client left'))
      await expect(driver.append('k', broken, { at: 0 })).rejects.toThrow('client left')
      const at = (await driver.stat('k'))?.size ?? 0
      expect(at).toBe(megabyte + 50)
      await driver.append('k', source([whole.subarray(at)]), { at })
      expect(fingerprint((await driver.get('k')) ?? Buffer.alloc(0))).toBe(fingerprint(whole))
    })

    it('keeps what came before the caller aborted', async () => {
      const controller = new AbortController()
      async function* endless() {
        for (;;) {
          yield Buffer.from('some bytes')
          controller.abort()
        }
      }
      const call = { at: 0, signal: controller.signal }
      await expect(opened().append('k', endless(), call)).rejects.toMatchObject({
        name: 'AbortError',
      })
      const kept = (await opened().get('k'))?.toString() ?? ''
      expect('some bytes'.repeat(100).startsWith(kept)).toBe(true)
      expect(await opened().stat('k')).toMatchObject({ size: kept.length })
    })

    it('stops a stream of its own kind when the caller aborts', async () => {
      const controller = new AbortController()
      const stream = new PassThrough()
      stream.write('some bytes')
      const appending = opened().append('k', stream, { at: 0, signal: controller.signal })
      controller.abort()
      await expect(appending).rejects.toMatchObject({ name: 'AbortError' })
    })
  })
}
