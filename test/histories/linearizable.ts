/**
 * Whether a history of what clients asked of one tag, and heard, is linearizable: whether each request
 * can be given one moment between its start and its end, so that in the order of these moments every
 * answer is what a single tag in one process would have said.
 *
 * The search is that of Wing and Gong, with the memory of Lowe: which requests are placed and what the
 * tag names then is looked at once. A request without an answer may have been done at any moment after
 * its start, or never. So it can always be done later, until an answer depends on it: it is placed only
 * right before an answer that fits in no other way.
 */

/** What the tag names: undefined for no such tag. */
type Value = string | undefined

export type Operation = {
  /** `keep` sets a tag that may not be made to name another value once it names one. */
  kind: 'put' | 'keep' | 'get' | 'delete'
  /** What was to be set, or what was found. */
  value?: Value
  /** `refused`: a delete of what was not there, or a tag that has to stay. */
  answer: 'done' | 'refused' | 'unknown'
  start: number
  /** Of no meaning without an answer. */
  end: number
}

/** Nothing, where the answer cannot be that of a tag that names `before`. */
type Step = { after: Value } | undefined

const meanings: Record<Operation['kind'], (before: Value, operation: Operation) => Step> = {
  put: (_, { value }) => ({ after: value }),
  get: (before, { value }) => (before === value ? { after: before } : undefined),
  delete(before, { answer }) {
    const isThere = before !== undefined
    if (answer === 'refused') return isThere ? undefined : { after: before }
    // Without an answer it is only of interest if it removed something.
    return isThere ? { after: undefined } : undefined
  },
  keep(before, { value, answer }) {
    const isOther = before !== undefined && before !== value
    if (answer === 'refused') return isOther ? { after: before } : undefined
    return isOther ? undefined : { after: value }
  },
}

export type Verdict =
  | { isLinearizable: true }
  /** `longest` is how many answers any order could place before nothing fitted any more. */
  | { isLinearizable: false; longest: number }

/** An operation with its place in the order of starts. */
type Placing = Operation & { index: number }
/** What was placed last, and what is still to be tried after it. */
type Moment = { state: Value; last: Placing[]; tries: Iterator<Next> }
type Next = { requests: Placing[]; after: Value }

export function check(history: readonly Operation[]): Verdict {
  const all = history
    .toSorted((one, other) => one.start - other.start)
    .map((it, index) => ({ ...it, index }))
  const answered = all.filter(({ answer }) => answer !== 'unknown')
  const lost = all.filter(({ answer, kind }) => answer === 'unknown' && kind !== 'get')
  const placed = new Set<number>()
  const seen = new Set<string>()
  const moments: Moment[] = []
  let count = 0
  let longest = 0
  move({ requests: [], after: undefined })

  for (let moment = moments.at(-1); moment; moment = moments.at(-1)) {
    if (count === answered.length) return { isLinearizable: true }
    const { value, done } = moment.tries.next()
    if (!done) move(value)
    else back(moment)
  }
  return { isLinearizable: false, longest }

  function move({ requests, after }: Next): void {
    for (const { index } of requests) placed.add(index)
    const key = `${keyOf(placed)} ${after ?? ''}`
    const isNew = !seen.has(key)
    seen.add(key)
    const tries = isNew ? nextOf(after, { answered, lost, placed }) : [][Symbol.iterator]()
    moments.push({ state: after, last: requests, tries })
    if (requests.length > 0) count += 1
    longest = Math.max(longest, count)
  }

  function back({ last }: Moment): void {
    moments.pop()
    for (const { index } of last) placed.delete(index)
    if (last.length > 0) count -= 1
  }
}

type Search = { answered: Placing[]; lost: Placing[]; placed: ReadonlySet<number> }

/** Each answer that may come next, with the requests without an answer that have to come before it. */
function* nextOf(state: Value, { answered, lost, placed }: Search): Generator<Next> {
  const waiting: Placing[] = []
  let firstEnd = Number.POSITIVE_INFINITY
  for (const request of answered) {
    // None of the others that are not placed may have ended before it began.
    if (request.start > firstEnd) break
    if (placed.has(request.index)) continue
    waiting.push(request)
    firstEnd = Math.min(firstEnd, request.end)
  }
  const helpers = unlike(
    lost.filter(({ index, start }) => !placed.has(index) && start <= firstEnd),
    answered,
  )
  // What ended first is likely to have come first.
  for (const request of waiting.sort((one, other) => one.end - other.end)) {
    for (const before of waysTo(request, state, helpers)) {
      const requests = [...before, request]
      const step = apply(state, requests)
      if (step) yield { requests, after: step.after }
    }
  }
}

/** A value that no read has found is as good as any other such value, and the earlier request the better. */
function unlike(lost: Placing[], answered: Placing[]): Placing[] {
  const seen = new Set(answered.filter(({ kind }) => kind === 'get').map(({ value }) => value))
  const nameOf = ({ kind, value }: Placing) => (seen.has(value) ? `${kind} ${value}` : kind)
  const first = new Map(lost.toReversed().map((it) => [nameOf(it), it]))
  const rank = ({ value }: Placing) => (seen.has(value) ? 1 : 0)
  return [...first.values()].sort((one, other) => rank(one) - rank(other))
}

/** Nothing, where the answer fits as it is; else one request, or a delete and what could then be set. */
function* waysTo(request: Placing, state: Value, helpers: Placing[]): Generator<Placing[]> {
  if (apply(state, [request])) return yield []
  for (const helper of helpers) yield [helper]
  const removal = helpers.find(({ kind }) => kind === 'delete')
  const settings = helpers.filter(({ kind }) => kind === 'keep')
  if (removal) for (const setting of settings) yield [removal, setting]
}

function apply(state: Value, requests: readonly Operation[]): Step {
  let step: Step = { after: state }
  for (const request of requests) {
    if (step) step = meanings[request.kind](step.after, request)
  }
  return step
}

/** Requests are placed nearly in their order, so of most of them it is enough to say how many. */
function keyOf(placed: ReadonlySet<number>): string {
  let first = 0
  while (placed.has(first)) first += 1
  const later = [...placed].filter((index) => index > first).sort((one, other) => one - other)
  return `${first} ${later.join(',')}`
}
