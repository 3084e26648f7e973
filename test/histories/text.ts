/**
 * A history as lines, one for each request: `put a 0-2`, `get a 1-3`, `get - 1-3` for nothing,
 * `delete 1-3`, `remove a 4-5`; with `!` at the end what was refused, with `?` what had no answer.
 */
import type { Operation } from './linearizable.ts'

const marks = { done: '', refused: '!', unknown: '?' }
const answers: Record<string, Operation['answer']> = { '!': 'refused', '?': 'unknown' }
const form = /^(\w+) (?:(\S+) )?([\d.]+)-([\d.]+)([!?])?$/

export function parseHistory(lines: readonly string[]): Operation[] {
  return lines.map((line) => {
    const [, kind, value, start, end, mark = ''] = form.exec(line) ?? []
    if (kind === undefined) throw new Error(`this is no line of a history: ${line}`)
    return {
      kind: kind as Operation['kind'],
      value: value === '-' ? undefined : value,
      answer: answers[mark] ?? 'done',
      start: Number(start),
      end: Number(end),
    }
  })
}

/** In the order of the starts, in milliseconds from the first one; values are called v1, v2 and so on. */
export function writeHistory(history: readonly Operation[]): string[] {
  const names = new Map<string, string>()
  const nameOf = (value: string | undefined) => {
    if (value === undefined) return '-'
    const known = names.get(value) ?? `v${names.size + 1}`
    names.set(value, known)
    return known
  }
  const ordered = history.toSorted((one, other) => one.start - other.start)
  const at = (moment: number) => (moment - (ordered[0]?.start ?? 0)).toFixed(1)
  return ordered.map(({ kind, value, start, end, answer }) => {
    const what = kind === 'delete' ? '' : ` ${nameOf(value)}`
    return `${kind}${what} ${at(start)}-${at(end)}${marks[answer]}`
  })
}
