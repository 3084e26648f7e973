/** Ranges: those a pull asks for, those a chunk declares, and how far an upload has come. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { RegistryError } from '../../../registry/spec/errors.ts'
import { parseContentRange, parseRange, receivedRange } from '../../../registry/spec/range.ts'
import { thrownBy } from './arbitrary.ts'

const position = fc.nat({ max: 1000 })

describe('the Range of a pull', () => {
  it('lies within the blob whenever it is a range', () => {
    const header = fc.oneof(
      fc.tuple(position, position).map(([first, last]) => `bytes=${first}-${last}`),
      position.map((first) => `bytes=${first}-`),
      position.map((count) => `bytes=-${count}`),
      fc.string(),
    )
    fc.assert(
      fc.property(header, position, (text, size) => {
        let range: ReturnType<typeof parseRange>
        const error = thrownBy(() => {
          range = parseRange(text, size)
        })
        if (error) {
          expect(error).toMatchObject({ reason: 'rangeNotSatisfiable', status: 416 })
          expect((error as RegistryError).headers).toEqual({ 'Content-Range': `bytes */${size}` })
        } else if (range) {
          expect(range.first).toBeGreaterThanOrEqual(0)
          expect(range.first).toBeLessThanOrEqual(range.last)
          expect(range.last).toBeLessThan(size)
        }
      }),
    )
  })

  it('is what was asked for, cut at the end of the blob', () => {
    fc.assert(
      fc.property(position, position, position, (first, more, after) => {
        const size = first + 1 + after
        const last = first + more
        expect(parseRange(`bytes=${first}-${last}`, size)).toEqual({
          first,
          last: Math.min(last, size - 1),
        })
      }),
    )
  })

  const ignored = ['', 'bytes', 'bytes=', 'bytes=-', 'bytes=a-b', 'bytes=5-4', 'bytes=0-1,3-4']
  it.each([...ignored, 'lines=0-1', '0-1', 'bytes=0x0-1', 'bytes=-1-2', 'bytes=1.0-2'])(
    'is ignored when it reads %j',
    (header) => {
      expect(parseRange(header, 10)).toBeUndefined()
    },
  )

  const outside: [header: string, size: number][] = [
    ['bytes=10-', 10],
    ['bytes=10-12', 10],
    ['bytes=-0', 10],
    ['bytes=0-', 0],
    ['bytes=99999999999999999999999-', 10],
  ]
  it.each(outside)('is not satisfiable when it reads %s of %d bytes', (header, size) => {
    expect(() => parseRange(header, size)).toThrow(RegistryError)
  })
})

describe('the Content-Range of a chunk', () => {
  it('is read in the form of the specification and in that of HTTP', () => {
    fc.assert(
      fc.property(position, position, (first, more) => {
        const range = { first, last: first + more }
        const text = `${first}-${first + more}`
        const forms = [text, `bytes ${text}`, `bytes ${text}/*`, `bytes ${text}/5000`]
        for (const form of forms) expect(parseContentRange(form)).toEqual(range)
      }),
    )
  })

  it('is undefined only when it was not sent', () => {
    expect(parseContentRange('')).toBeUndefined()
  })

  it('is refused in any other form', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        const error = thrownBy(() => parseContentRange(text))
        if (/^(?:bytes )?\d+-\d+/.test(text)) return
        expect(error).toMatchObject({ reason: 'badRange', status: 400 })
      }),
    )
  })

  const bad = ['-', '0-', '-5', '5-4', 'a-b', '0 - 4', '0-4 ', 'bytes=0-4', 'bytes */5', '0-4\n']
  it.each([...bad, `0-${'9'.repeat(16)}`, `${'9'.repeat(16)}-${'9'.repeat(16)}`])(
    'may not be %j',
    (header) => {
      expect(() => parseContentRange(header)).toThrow(RegistryError)
    },
  )
})

describe('the Range of an upload', () => {
  it.each([
    [0, '0-0'],
    [1, '0-0'],
    [2, '0-1'],
    [1_048_576, '0-1048575'],
  ])('of %d bytes reads %s', (size, range) => {
    expect(receivedRange(size)).toBe(range)
  })
})
