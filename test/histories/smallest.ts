/**
 * The part of a history that is enough to see that it is not linearizable. Requests that change nothing are left out
 * one by one; of others the answer is forgotten, which lets them be done at any time, or never. The rest still has no
 * order, whatever the requests without an answer did.
 */
import { check, type Operation } from './linearizable.ts'

export type Smallest = { history: Operation[]; forgotten: number }

export function smallestOf(history: readonly Operation[]): Smallest {
  let left = [...history]
  // The last requests are left out first: a fault often shows early.
  for (const each of history.toSorted((one, other) => other.start - one.start)) {
    const rest = left.filter((it) => it !== each)
    const less = changesNothing(each) ? rest : [...rest, { ...each, answer: 'unknown' as const }]
    if (!check(less).isLinearizable) left = less
  }
  const got = new Set(left.flatMap(({ kind, value }) => (kind === 'get' ? [value] : [])))
  const isSource = ({ kind, value }: Operation) =>
    (kind === 'put' || kind === 'keep') && got.has(value)
  const shown = left.filter((it) => it.answer !== 'unknown' || isSource(it))
  return { history: shown, forgotten: left.length - shown.length }
}

function changesNothing({ kind, answer }: Operation): boolean {
  return kind === 'get' || answer === 'refused'
}
