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

/** The value of the tag: undefined for no such tag. */
type Value = string | undefined

export type Operation = {
  /**
   * `keep` sets a tag that may not be made to name another value once it names one. `remove` takes away a
   * value, and the tag with it if it names that value.
   */
  kind: 'put' | 'keep' | 'get' | 'delete' | 'remove'
  /** The value to be set or removed, or the one that was found. */
  value?: Value
  /** `refused`: to delete or to remove what was not there, or a tag that has to stay. */
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
  remove(before, { value, answer }) {
    const isNamed = before === value
    // A tag never names what is not there.
    if (answer === 'refused') return isNamed ? undefined : { after: before }
    return { after: isNamed ? undefined : before }
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
/** The requests that were placed last, the value after them, and the next requests still to be tried. */
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
  // The request that ended first is likely to have come first.
  for (const request of waiting.sort((one, other) => one.end - other.end)) {
    for (const before of waysTo(request, state, helpers)) {
      const requests = [...before, request]
      const step = apply(state, requests)
      if (step) yield { requests, after: step.after }
    }
  }
}

/**
 * Leaves out requests that could only repeat what another does. Two puts of values that no answer names do the
 * same, so the earlier is enough: with `put v1?`, `put v2?` and `get -`, one of the puts is tried.
 */
function unlike(lost: Placing[], answered: Placing[]): Placing[] {
  const told = new Set(answered.flatMap(({ kind, value }) => (kind === 'put' ? [] : [value])))
  for (const { kind, value } of lost) if (kind === 'remove') told.add(value)
  const nameOf = ({ kind, value }: Placing) => (told.has(value) ? `${kind} ${value}` : kind)
  const first = new Map(lost.toReversed().map((it) => [nameOf(it), it]))
  const rank = ({ value }: Placing) => (told.has(value) ? 1 : 0)
  return [...first.values()].sort((one, other) => rank(one) - rank(other))
}

/** Enough for a `keep`, which sets a value only where there is none, with a put and a removal before it. */
const mostHelpers = 3

type Row = { requests: Placing[]; now: Value; before?: { now: Value } }

/** Nothing, where the answer fits as it is; else the rows of requests that make it fit, short ones first. */
function* waysTo(request: Placing, state: Value, helpers: Placing[]): Generator<Placing[]> {
  const fits = (now: Value) => apply(now, [request]) !== undefined
  if (!fits(state)) return yield* rowsTo(fits, state, helpers)
  yield []
  // To remove what the tag does not name fits always, and is another thing where it does name it.
  if (request.kind !== 'remove' || request.answer === 'refused') return
  yield* rowsTo((now) => now === request.value, state, helpers)
}

function* rowsTo(isWanted: (now: Value) => boolean, state: Value, helpers: Placing[]) {
  let rows: Row[] = [{ requests: [], now: state }]
  for (let length = 1; length <= mostHelpers; length += 1) {
    rows = rows.flatMap((row) => longer(row, helpers))
    for (const { requests, now } of rows) if (isWanted(now)) yield requests
  }
}

/** With one more of the helpers, which does what it could not have done without the one before it. */
function longer({ requests, now, before }: Row, helpers: Placing[]): Row[] {
  return helpers.flatMap((helper) => {
    const step = requests.includes(helper) ? undefined : apply(now, [helper])
    if (!step || step.after === now) return []
    if (before && apply(before.now, [helper])?.after === step.after) return []
    return [{ requests: [...requests, helper], now: step.after, before: { now } }]
  })
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
