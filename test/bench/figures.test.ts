/** From turns to figures: a middle that one bad turn does not move, and ratios within a round. */
import { describe, expect, it } from '@jest/globals'
import type { Turn } from '../../bench/load/turn.ts'
import { readWrk } from '../../bench/load/wrk.ts'
import type { Line } from '../../bench/match.ts'
import { ratioOf, spreadOf, valuesOf } from '../../bench/report/figures.ts'
import { renderMatch } from '../../bench/report/table.ts'

const turnsOf = (...speeds: number[]): Turn[] =>
  speeds.map((perSecond) => ({ perSecond, operations: 10, cpuSeconds: 0.5 }))

const line: Line = {
  setting: 'filesystem',
  scenario: 'image',
  connections: 8,
  turns: { kura: turnsOf(30, 10, 60), 'docker-registry': turnsOf(10, 5, 30) },
}

describe('a spread', () => {
  const rows: [values: number[], expected: object | undefined][] = [
    [[3, 1, 2], { median: 2, least: 1, most: 3 }],
    [[4, 1, 2, 3], { median: 2.5, least: 1, most: 4 }],
    [[7], { median: 7, least: 7, most: 7 }],
    [[], undefined],
  ]

  it.each(rows)('of %j is %j', (values, expected) => {
    expect(spreadOf(values)).toEqual(expected)
  })
})

describe('a line', () => {
  it('tells processor time for one operation, in the unit of its scenario', () => {
    expect(valuesOf(line, 'kura', 'cost')).toEqual([50, 50, 50])
  })

  it('compares turns of the same round with each other', () => {
    const ratio = ratioOf(line, ['kura', 'docker-registry'], 'speed')
    expect(ratio).toEqual({ median: 2, least: 2, most: 3 })
  })

  it('is a row with the median, the range and the ratio', () => {
    const table = renderMatch([line], {
      setting: 'filesystem',
      names: ['kura', 'docker-registry'],
    })
    expect(table).toContain(
      '8 at once, images/s | **30** (10 to 60) | **10** (5 to 30) | **2** (2 to 3) |',
    )
  })

  it('has no ratio where there is nobody to compare with', () => {
    const table = renderMatch([line], { setting: 'filesystem', names: ['kura'] })
    expect(table).toContain('8 at once, images/s | **30** (10 to 60) |\n')
  })
})

describe('the output of wrk', () => {
  const good = '  1200 requests in 3.00s, 1.20MB read\nRequests/sec:    400.12\n'

  it('is read as a rate and a number', () => {
    expect(readWrk(good)).toEqual({ perSecond: 400.12, operations: 1200 })
  })

  const bad: [what: string, text: string][] = [
    ['refusals', `${good}  Non-2xx or 3xx responses: 3\n`],
    ['broken connections', `${good}  Socket errors: connect 0, read 2, write 0, timeout 0\n`],
    ['nothing answered', '  0 requests in 3.00s, 0.00B read\nRequests/sec:      0.00\n'],
  ]

  it.each(bad)('with %s is no figure', (_, text) => {
    expect(() => readWrk(text)).toThrow(/^wrk: /)
  })
})
