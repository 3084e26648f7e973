/** The checker of histories itself: what it has to let pass, and what it has to find. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { check, type Operation } from './linearizable.ts'

/** `put a 0-2`, `get a 1-3`, `get - 1-3` for nothing, `delete 1-3`; with `!` refused, with `?` unanswered. */
function history(...lines: string[]): Operation[] {
  return lines.map((line) => {
    const [, kind, value, start, end, mark] =
      /^(\w+) (?:(\S+) )?(\d+)-(\d+)([!?])?$/.exec(line) ?? []
    return {
      kind: kind as Operation['kind'],
      value: value === '-' ? undefined : value,
      answer: mark === '!' ? 'refused' : mark === '?' ? 'unknown' : 'done',
      start: Number(start),
      end: Number(end),
    }
  })
}

type Named = string | undefined
type Heard = Pick<Operation, 'answer' | 'value'>

const linearizable: [what: string, ...lines: string[]][] = [
  ['nothing'],
  ['one after the other', 'get - 0-1', 'put a 2-3', 'get a 4-5', 'delete 6-7', 'get - 8-9'],
  ['a read during a write sees either', 'put a 0-9', 'get - 1-2', 'get a 3-4', 'get a 5-6'],
  ['two writes at once, in either order', 'put a 0-9', 'put b 0-9', 'get b 10-11', 'get b 12-13'],
  ['an answer that got lost, of what was done', 'put a 0-1?', 'get a 5-6'],
  ['an answer that got lost, of what was never done', 'put a 0-1?', 'get - 5-6'],
  ['what was lost may be done late', 'put a 0-1?', 'put b 2-3', 'get b 4-5', 'get a 6-7'],
  ['a delete that was lost', 'put a 0-1', 'delete 2-3?', 'get a 4-5', 'get - 6-7'],
  ['a delete of nothing', 'delete 0-1!', 'put a 2-3', 'delete 4-5', 'delete 6-7!'],
  ['two deletes at once, of which one finds it', 'put a 0-1', 'delete 2-9', 'delete 2-9!'],
  ['a tag that stays', 'keep a 0-1', 'keep b 2-3!', 'keep a 4-5', 'get a 6-7'],
  ['two that want to stay, at once', 'keep a 0-9', 'keep b 0-9!', 'get a 10-11'],
  ['one that stays after it was removed', 'keep a 0-1', 'delete 2-3', 'keep b 4-5', 'get b 6-7'],
  ['a lost one that stays', 'keep a 0-1?', 'keep b 2-3!', 'get a 4-5'],
]

const others: typeof linearizable = [
  ['a value that nobody wrote', 'put a 0-1', 'get b 2-3'],
  ['an old value', 'put a 0-1', 'put b 2-3', 'get a 4-5'],
  ['a value that is gone', 'put a 0-1', 'get - 2-3'],
  ['a value that comes back', 'put a 0-1', 'put b 2-9', 'get b 3-4', 'get a 5-6'],
  ['a read from the future', 'get a 0-1', 'put a 2-3'],
  ['what was lost, done twice', 'put a 0-1?', 'get a 2-3', 'put b 4-5', 'get b 6-7', 'get a 8-9'],
  ['a removed tag that is still there', 'put a 0-1', 'delete 2-3', 'get a 4-5'],
  ['a delete that finds what is not there', 'delete 0-1'],
  ['a delete that does not find what is there', 'put a 0-1', 'delete 2-3!'],
  ['two deletes that both find it', 'put a 0-1', 'delete 2-9', 'delete 2-9'],
  ['two that both stay', 'keep a 0-9', 'keep b 0-9'],
  ['one that has to stay and is replaced', 'keep a 0-1', 'keep b 2-3', 'get b 4-5'],
  ['one that was refused and is there', 'keep a 0-1', 'keep b 2-3!', 'get b 4-5'],
  ['refused where nothing is', 'keep b 0-1!', 'keep a 2-3'],
]

it.each(linearizable)('%s: may be', (_, ...lines) => {
  expect(check(history(...lines))).toEqual({ isLinearizable: true })
})

it.each(others)('%s: may not be', (_, ...lines) => {
  expect(check(history(...lines))).toMatchObject({ isLinearizable: false })
})

describe('histories of a real tag', () => {
  const kinds = ['put', 'keep', 'get', 'delete'] as const
  const asked = fc.record({
    kind: fc.constantFrom(...kinds),
    early: fc.integer({ min: 0, max: 3_000 }),
    late: fc.integer({ min: 0, max: 3_000 }),
    isLost: fc.boolean(),
  })

  type Asked = { kind: Operation['kind']; early: number; late: number; isLost: boolean }
  /** What a tag says, and what it names then. */
  const tag: Record<Operation['kind'], (now: Named, value: string) => [Heard, Named]> = {
    put: (_, value) => [{ value, answer: 'done' }, value],
    keep: (now, value) =>
      now === undefined ? [{ value, answer: 'done' }, value] : [{ value, answer: 'refused' }, now],
    get: (now) => [{ value: now, answer: 'done' }, now],
    delete: (now) => [{ answer: now === undefined ? 'refused' : 'done' }, undefined],
  }

  /** Each is done at one moment, begins before it, and ends after it. */
  function lived(all: Asked[]): Operation[] {
    let named: Named
    return all.map(({ kind, early, late, isLost }, index) => {
      const [heard, after] = tag[kind](named, `v${index}`)
      named = after
      const moment = index * 1_000
      const answer = isLost ? 'unknown' : heard.answer
      return { kind, ...heard, answer, start: moment - early, end: moment + late }
    })
  }

  it('are always linearizable', () => {
    const all = fc.array(asked, { maxLength: 60 })
    fc.assert(fc.property(all, (some) => check(lived(some)).isLinearizable))
  })

  it('are not, once a read has found what was never there', () => {
    const all = fc.array(asked, { maxLength: 40 })
    const wrong = { kind: 'get', value: 'never', answer: 'done', start: 0, end: 50_000 } as const
    fc.assert(fc.property(all, (some) => !check([...lived(some), wrong]).isLinearizable))
  })

  it('are checked in no time where many answers got lost', () => {
    const lost = (kind: 'put' | 'delete', start: number): Operation => ({
      kind,
      value: `${kind} ${start}`,
      answer: 'unknown',
      start,
      end: 0,
    })
    const many = Array.from({ length: 100 }, (_, at) => lost(at % 2 ? 'put' : 'delete', at))
    const reads = history('get - 200-201', 'get a 202-203')
    expect(check([...many, ...reads])).toEqual({ isLinearizable: false, longest: 1 })
  })
})
