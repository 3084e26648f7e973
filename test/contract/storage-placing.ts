/** The methods of object stores beside a driver: a value is put in its final place, so nothing is copied. */
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Bytes, StorageDriver } from '../../registry/storage/driver.ts'
import type { Placing } from '../../registry/storage/placing.ts'
import { bytesOf, fingerprint, source } from './bytes.ts'

type Opened = {
  driver: StorageDriver
  placing: Placing
  removeUnfinished?(before: Date): Promise<number>
}

/** `part` is what such a storage takes as one. */
export function placingContract(name: string, openStorage: () => Promise<Opened>, part: number) {
  describe(`the ${name} storage`, () => {
    let opened: Opened
    let driver: StorageDriver
    let placing: Placing
    beforeEach(async () => {
      opened = await openStorage()
      driver = opened.driver
      placing = opened.placing
    })
    afterEach(() => driver.close())
    const stored = async (path: string) => (await driver.get(path))?.toString()
    const never = () => {
      throw new Error('asked in vain')
    }

    describe('placing', () => {
      it('puts a value where it belongs, asked once all has come, and nothing else', async () => {
        let seen = ''
        async function* counted(): Bytes {
          for await (const chunk of source(['one ', 'two'])) {
            seen += chunk
            yield chunk
          }
        }
        const final = () => `by/${seen}`
        const placed = await placing.place('draft', counted(), { final })
        expect(placed).toEqual({ path: 'by/one two', size: 7 })
        expect(await stored('by/one two')).toBe('one two')
        expect(await driver.stat('draft')).toBeUndefined()
      })

      it('puts an empty value, too', async () => {
        const placed = await placing.place('draft', source([]), { final: () => 'empty' })
        expect(placed).toEqual({ path: 'empty', size: 0 })
        expect(await stored('empty')).toBe('')
      })

      it('leaves a large value at the draft, whatever was there before', async () => {
        const value = randomBytes(2 * part + 7)
        await driver.put('draft', Buffer.from('old'))
        const chunks = [value.subarray(0, part - 1), value.subarray(part - 1)]
        const placed = await placing.place('draft', source(chunks), { final: never })
        expect(placed).toEqual({ path: 'draft', size: value.length })
        expect(fingerprint(await bytesOf(await driver.read('draft')))).toBe(fingerprint(value))
      })

      it('leaves a value at the draft that belongs nowhere', async () => {
        await driver.put('draft', Buffer.from('a long old value'))
        const placed = await placing.place('draft', source(['new']), { final: () => undefined })
        expect(placed).toEqual({ path: 'draft', size: 3 })
        expect(await stored('draft')).toBe('new')
      })

      it.each([10, 2 * part])('leaves what came of one that broke off after %d', async (size) => {
        const value = randomBytes(size)
        const broken = source([value], new Error('client left'))
        await expect(placing.place('draft', broken, { final: never })).rejects.toThrow(
          'client left',
        )
        expect(fingerprint(await bytesOf(await driver.read('draft')))).toBe(fingerprint(value))
      })

      it('keeps nothing when it is not told where', async () => {
        const placed = placing.place('draft', source(['x']), { final: never })
        await expect(placed).rejects.toThrow('asked in vain')
        expect(await driver.stat('draft')).toBeUndefined()
      })
    })

    describe('putting a stream', () => {
      it.each([0, 10, 2 * part, 2 * part + 7])('of %d bytes shows all of it', async (size) => {
        const value = randomBytes(size)
        await driver.put('k', Buffer.from('old'))
        let checks = 0
        const check = () => void checks++
        expect(await placing.putStream('k', source([value]), { check })).toBe(size)
        expect(checks).toBe(1)
        expect(fingerprint(await bytesOf(await driver.read('k')))).toBe(fingerprint(value))
      })

      const gone = new Error('client left')
      type Failure = [what: string, size: number, old: string | undefined, by: Error | undefined]
      const large = 2 * part + 7
      const failures: Failure[] = [
        ['is refused', 10, undefined, undefined],
        ['is refused', 10, 'old', undefined],
        ['is large and refused', large, undefined, undefined],
        ['is large and refused', large, 'old', undefined],
        ['breaks off', 10, 'old', gone],
        ['is large and breaks off', large, 'old', gone],
      ]
      it.each(failures)('that %s (%d, %s) changes nothing', async (_what, size, old, by) => {
        if (old) await driver.put('k', Buffer.from(old))
        const bytes = source([Buffer.alloc(size)], by)
        const putting = placing.putStream('k', bytes, { check: never })
        await expect(putting).rejects.toThrow(by?.message ?? 'asked in vain')
        expect(await stored('k')).toBe(old)
        expect((await opened.removeUnfinished?.(new Date(Date.now() + 60_000))) ?? 0).toBe(0)
      })

      it('that the caller aborts leaves nothing', async () => {
        const controller = new AbortController()
        async function* endless() {
          for (;;) {
            yield Buffer.from('some bytes')
            controller.abort()
          }
        }
        const call = { check: never, signal: controller.signal }
        await expect(placing.putStream('k', endless(), call)).rejects.toMatchObject({
          name: 'AbortError',
        })
        expect(await driver.stat('k')).toBeUndefined()
      })
    })
  })
}
