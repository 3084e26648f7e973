import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { readDuration, writeDuration } from '../../config/duration.ts'

const rows: [text: string, milliseconds: number | undefined][] = [
  ['10s', 10_000],
  ['1h30m', 5_400_000],
  ['168h', 604_800_000],
  ['500ms', 500],
  ['1.5s', 1500],
  ['.5m', 30_000],
  ['250us', 0.25],
  ['250µs', 0.25],
  ['-1s', -1000],
  ['+1s', 1000],
  ['0', 0],
  ['1000000000', 1000],
  ['-1', -1e-6],
  ['', undefined],
  ['10', 1e-5],
  ['10 s', undefined],
  ['1.5', undefined],
  ['1d', undefined],
  ['s', undefined],
  ['.s', undefined],
  ['1h30', undefined],
  ['1e3s', undefined],
]

describe('a duration', () => {
  it.each(rows)('%j is read as %p milliseconds', (text, milliseconds) => {
    expect(readDuration(text)).toBe(milliseconds)
  })

  it.each([
    [604_800_000, '168h'],
    [5_400_000, '1h30m'],
    [10_000, '10s'],
    [1500, '1s500ms'],
    [0, '0s'],
    [0.25, '250000ns'],
    [-1e-6, '-1ns'],
  ])('%p milliseconds are written %s', (milliseconds, text) => {
    expect(writeDuration(milliseconds)).toBe(text)
  })

  it('is read back as it was written', () => {
    const milliseconds = fc.integer({ min: -(10 ** 12), max: 10 ** 12 })
    fc.assert(fc.property(milliseconds, (n) => readDuration(writeDuration(n)) === n))
  })

  it('is the sum of its parts', () => {
    const amount = fc.nat({ max: 1000 })
    fc.assert(
      fc.property(amount, amount, amount, (h, m, ms) => {
        expect(readDuration(`${h}h${m}m${ms}ms`)).toBe(h * 3_600_000 + m * 60_000 + ms)
      }),
    )
  })
})
