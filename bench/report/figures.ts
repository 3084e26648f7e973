/** From the turns of a line to what is said of them: the middle one, and how far the others lie off. */
import type { Turn } from '../load/turn.ts'
import type { Line } from '../match.ts'
import { scenarios } from '../scenarios/all.ts'

export type Spread = { median: number; least: number; most: number }

export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const [least, most] = [sorted[0], sorted.at(-1)]
  if (least === undefined || most === undefined) return undefined
  const half = Math.floor(sorted.length / 2)
  const [upper = least, lower = upper] = [sorted[half], sorted[half - 1]]
  return { median: sorted.length % 2 === 1 ? upper : (lower + upper) / 2, least, most }
}

export type Measure = 'speed' | 'cost'

/** The figure of a turn, in the units of its scenario. */
const measures: Record<Measure, (turn: Turn, line: Line) => number> = {
  speed: ({ perSecond }, { scenario }) => perSecond * scenarios[scenario].amount,
  cost: ({ cpuSeconds, operations }, { scenario }) =>
    cpuSeconds / Math.max(operations, 1) / scenarios[scenario].cost.amount,
}

export function valuesOf(line: Line, peer: keyof Line['turns'], measure: Measure): number[] {
  return (line.turns[peer] ?? []).map((turn) => measures[measure](turn, line))
}

/** How many times `peer` is `other`, taken round by round: both of a round met the same machine. */
export function ratioOf(
  line: Line,
  [peer, other]: [keyof Line['turns'], keyof Line['turns']],
  measure: Measure,
): Spread | undefined {
  const [own, its] = [valuesOf(line, peer, measure), valuesOf(line, other, measure)]
  const ratios = own.map((value, round) => value / (its[round] ?? 0))
  return spreadOf(ratios.filter(Number.isFinite))
}
