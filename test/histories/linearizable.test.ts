/** The checker of histories itself: what it has to let pass, and what it has to find. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { check, type Operation } from './linearizable.ts'
import { smallestOf } from './smallest.ts'
import { parseHistory, writeHistory } from './text.ts'

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
  ['a value that is removed with its tag', 'put a 0-1', 'remove a 2-3', 'get - 4-5'],
  ['a value removed that the tag does not name', 'put a 0-1', 'remove b 2-3', 'get a 4-5'],
  ['a value that is removed no more', 'put a 0-1', 'remove a 2-3', 'remove a 4-5!', 'get - 6-7'],
  ['a lost removal', 'put a 0-1', 'remove a 2-3?', 'get a 4-5', 'get - 6-7'],
  ['a removal of what got lost', 'put a 0-1', 'put b 2-3?', 'remove b 4-5', 'get - 6-7'],
  [
    'one that stays after a lost one was removed',
    ...['keep a 0-1', 'put b 2-3?', 'remove b 2-3?', 'keep c 2-3?', 'get c 4-5'],
  ],
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
  ['a removed value that is still there', 'put a 0-1', 'remove a 2-3', 'get a 4-5'],
  ['a removal that takes another value', 'put a 0-1', 'remove b 2-3', 'get - 4-5'],
  ['a removal that does not find what is there', 'put a 0-1', 'remove a 2-3!'],
  [
    'a lost removal, done twice',
    'put a 0-1',
    'remove a 2-3?',
    'get - 4-5',
    'put a 6-7',
    'get - 8-9',
  ],
]

it.each(linearizable)('%s: may be', (_, ...lines) => {
  expect(check(parseHistory(lines))).toEqual({ isLinearizable: true })
})

it.each(others)('%s: may not be', (_, ...lines) => {
  expect(check(parseHistory(lines))).toMatchObject({ isLinearizable: false })
})

describe('histories of a real tag', () => {
  const kinds = ['put', 'keep', 'get', 'delete', 'remove'] as const
  const asked = fc.record({
    kind: fc.constantFrom(...kinds),
    value: fc.constantFrom('a', 'b', 'c', 'd'),
    early: fc.integer({ min: 0, max: 3_000 }),
    late: fc.integer({ min: 0, max: 3_000 }),
    isLost: fc.boolean(),
  })

  type Asked = Pick<Operation, 'kind'> & {
    value: string
    early: number
    late: number
    isLost: boolean
  }
  /** The answer of a tag, and the value that it names afterwards. */
  const tag: Record<Operation['kind'], (now: Named, value: string) => [Heard, Named]> = {
    put: (_, value) => [{ value, answer: 'done' }, value],
    keep: (now, value) =>
      now === undefined || now === value
        ? [{ value, answer: 'done' }, value]
        : [{ value, answer: 'refused' }, now],
    get: (now) => [{ value: now, answer: 'done' }, now],
    delete: (now) => [{ answer: now === undefined ? 'refused' : 'done' }, undefined],
    remove: (now, value) => [{ value, answer: 'done' }, now === value ? undefined : now],
  }

  /** Each is done at one moment, begins before it, and ends after it. */
  function lived(all: Asked[]): Operation[] {
    let named: Named
    return all.map(({ kind, value, early, late, isLost }, index) => {
      const [heard, after] = tag[kind](named, value)
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
    const reads = parseHistory(['get - 200-201', 'get a 202-203'])
    expect(check([...many, ...reads])).toEqual({ isLinearizable: false, longest: 1 })
  })

  it('are told apart from others as by trying every order', () => {
    const heard = fc.record({
      kind: fc.constantFrom(...kinds),
      value: fc.constantFrom('a', 'b', undefined),
      answer: fc.constantFrom('done', 'done', 'refused', 'unknown'),
      start: fc.integer({ min: 0, max: 8 }),
      lasts: fc.integer({ min: 0, max: 5 }),
    })
    const few = fc.array(heard, { maxLength: 6 }).map((all) => all.flatMap(possible))
    const isSame = (some: Operation[]) => check(some).isLinearizable === hasOrder(some)
    fc.assert(fc.property(few, isSame), { numRuns: 3_000 })
  })

  type Guess = Omit<Operation, 'end'> & { lasts: number }
  function possible({ lasts, ...it }: Guess): Operation[] {
    if (it.answer === 'refused' && (it.kind === 'put' || it.kind === 'get')) return []
    if (it.kind === 'delete') return [{ ...it, value: undefined, end: it.start + lasts }]
    return it.kind === 'get' || it.value !== undefined ? [{ ...it, end: it.start + lasts }] : []
  }

  function hasOrder(left: Operation[], named?: Named): boolean {
    if (left.every(({ answer }) => answer === 'unknown')) return true
    const ends = left.map(({ answer, end }) => (answer === 'unknown' ? Infinity : end))
    const first = left.filter(({ start }) => start <= Math.min(...ends))
    return first.some((each) => {
      const rest = left.filter((it) => it !== each)
      return outcomes(each, named).some((after) => hasOrder(rest, after))
    })
  }

  /** The value that the tag names afterwards, if a tag that names `named` may give this answer. */
  function outcomes({ kind, answer, value }: Operation, named: Named): Named[] {
    const [said, after] = tag[kind](named, value ?? '')
    if (kind === 'remove' && answer === 'refused') return named === value ? [] : [named]
    const isTold = said.answer === answer && (kind !== 'get' || named === value)
    return isTold || answer === 'unknown' ? [after] : []
  }
})

it('what is enough to see that a history has no order is told', () => {
  const lines = [
    ...['put a 0-1', 'get a 2-3', 'put b 4-5?', 'put c 6-7', 'get c 8-9', 'delete 10-11'],
    ...['get c 12-13', 'put d 14-15', 'get d 16-17'],
  ]
  const { history, forgotten } = smallestOf(parseHistory(lines))
  expect(writeHistory(history)).toEqual(['put v1 0.0-1.0', 'delete 4.0-5.0', 'get v1 6.0-7.0'])
  expect(forgotten).toBe(3)
})
