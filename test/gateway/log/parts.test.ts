import { describe, expect, it } from '@jest/globals'
import { goDuration } from '../../../gateway/log/duration.ts'

describe('a duration', () => {
  const rows: [ms: number, written: string][] = [
    [0, '0µs'],
    [0.125, '125µs'],
    [2.96, '2.96ms'],
    [999.9999, '999.999ms'],
    [1500, '1.5s'],
    [59_999.9999, '59.999s'],
    [61_250, '1m1.25s'],
    [3_600_000, '1h0m0s'],
    [3_723_004, '1h2m3.004s'],
  ]
  for (const [ms, written] of rows) {
    it(`of ${ms} ms is written ${written}`, () => expect(goDuration(ms)).toBe(written))
  }
})
