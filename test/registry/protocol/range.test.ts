/** Ranges: those a pull asks for, those a chunk declares, and how far an upload has come. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { RegistryError } from '../../../registry/protocol/errors.ts'
import { parseContentRange, parseRanges, receivedRange } from '../../../registry/protocol/range.ts'
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
        let ranges: ReturnType<typeof parseRanges>
        const error = thrownBy(() => {
          ranges = parseRanges(text, size)
        })
        if (error) {
          expect(error).toMatchObject({ reason: 'rangeNotSatisfiable', status: 416 })
          expect((error as RegistryError).headers).toEqual({ 'Content-Range': `bytes */${size}` })
        }
        for (const { first, last } of ranges ?? []) {
          expect(first).toBeGreaterThanOrEqual(0)
          expect(first).toBeLessThanOrEqual(last)
          expect(last).toBeLessThan(size)
        }
      }),
    )
  })

  it('is what was asked for, cut at the end of the blob', () => {
    fc.assert(
      fc.property(position, position, position, (first, more, after) => {
        const size = first + 1 + after
        const last = first + more
        expect(parseRanges(`bytes=${first}-${last}`, size)).toEqual([
          { first, last: Math.min(last, size - 1) },
        ])
      }),
    )
  })

  const ignored = [
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=5-4',
    'bytes=0-1,x',
    'bytes=,',
  ]
  it.each([...ignored, 'lines=0-1', '0-1', 'bytes=0x0-1', 'bytes=-1-2', 'bytes=1.0-2'])(
    'is ignored when it reads %j',
    (header) => {
      expect(parseRanges(header, 10)).toBeUndefined()
    },
  )

  const outside: [header: string, size: number][] = [
    ['bytes=10-', 10],
    ['bytes=10-12', 10],
    ['bytes=-0', 10],
    ['bytes=0-', 0],
    ['bytes=99999999999999999999999-', 10],
    ['bytes=10-,-0', 10],
  ]
  it.each(outside)('is not satisfiable when it reads %s of %d bytes', (header, size) => {
    expect(() => parseRanges(header, size)).toThrow(RegistryError)
  })
})

describe('several ranges of a pull', () => {
  const some = fc.array(fc.tuple(position, position), { minLength: 1, maxLength: 20 })
  const headerOf = (ranges: [first: number, more: number][]) =>
    `bytes=${ranges.map(([first, more]) => `${first}-${first + more}`).join(',')}`

  it('are exactly the bytes that were asked for, each of them once', () => {
    fc.assert(
      fc.property(some, (asked) => {
        const size = 2001
        const found = parseRanges(headerOf(asked), size) ?? []
        const bytes = ({ first, last }: { first: number; last: number }) =>
          Array.from({ length: last - first + 1 }, (_, at) => first + at)
        const wanted = new Set(
          asked.flatMap(([first, more]) => bytes({ first, last: first + more })),
        )
        const given = found.flatMap(bytes)
        expect(given).toHaveLength(wanted.size)
        expect(new Set(given)).toEqual(wanted)
      }),
    )
  })

  it('do not overlap, and come in the order in which they were asked for', () => {
    fc.assert(
      fc.property(some, (asked) => {
        const found = parseRanges(headerOf(asked), 2001) ?? []
        const placeOf = ({ first, last }: { first: number; last: number }) =>
          asked.findIndex(([from, more]) => from >= first && from + more <= last)
        expect(found.map(placeOf)).toEqual(found.map(placeOf).sort((a, b) => a - b))
        const sorted = [...found].sort((a, b) => a.first - b.first)
        for (const [index, { last }] of sorted.slice(0, -1).entries()) {
          expect(sorted[index + 1]?.first).toBeGreaterThan(last)
        }
      }),
    )
  })

  const lists: [header: string, found: string][] = [
    ['bytes=0-3,', '0-3'],
    ['bytes=,0-3', '0-3'],
    ['bytes=0-1 ,\t, 8-', '0-1 8-9'],
    ['BYTES=8-,0-1', '8-9 0-1'],
    ['bytes=0-3,4-4,5-', '0-3 4-4 5-9'],
    ['bytes=8-,0-2,9-9,2-3', '8-9 0-3'],
    ['bytes=0-1,-1,20-30', '0-1 9-9'],
    ['bytes=1-1,1-1', '1-1'],
    ['bytes=-100,2-3', '0-9'],
  ]
  it.each(lists)('read %j are %s', (header, found) => {
    const ranges = parseRanges(header, 10) ?? []
    expect(ranges.map(({ first, last }) => `${first}-${last}`).join(' ')).toBe(found)
  })

  it('are 1,024 at most', () => {
    const many = (count: number) => Array.from({ length: count }, (_, at) => `${at * 2}-${at * 2}`)
    expect(parseRanges(`bytes=${many(1024).join(',')},`, 5000)).toHaveLength(1024)
    const error = thrownBy(() => parseRanges(`bytes=${many(1025).join(',')}`, 5000))
    expect(error).toMatchObject({ reason: 'tooManyRanges', status: 400 })
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
