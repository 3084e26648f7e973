/**
 * Clients that read and change tags through all registries at once, and write down what they asked and
 * what they heard. A tag is used for a while and then checked, so a run may be as long as it likes.
 */
import { createRandom, type Random } from '../support/random.ts'
import { check, type Operation } from './linearizable.ts'
import { kept } from './nodes.ts'
import { type Asked, createAsking, type Heard } from './requests.ts'

export type Fault = { tag: string; history: Operation[] }
export type Tally = {
  operations: number
  unanswered: number
  tags: number
  /** How often each kind of request heard what. */
  heard: Record<string, number>
}

type Options = {
  urls: readonly string[]
  seed: number
  operations: number
  onFault: (fault: Fault) => void
  onProgress?: (tally: Tally) => void
  /** Called after each request. */
  onStep: () => void
}
/** A tag in use. `left` is how many more requests are to be made for it. */
type Subject = {
  repository: string
  tag: string
  left: number
  open: number
  history: Operation[]
  /** The manifests that the tag was, or was to be, made to name. */
  pushed: Pushed[]
}
type Pushed = Pick<Plan, 'unique' | 'concerned'>
type Plan = Asked & { concerned: Subject[] }
type Kind = Operation['kind']

const clients = 128
const tagsAtOnce = 60
/** How many requests for one tag are under way at once. */
const mostOpen = 4
/** In one repository: two that may move, and one that has to stay. */
const tagsTogether = 3
const requestsForEach = 60

/** Reads are cheap, and tell what the rest has done. A tag that stays has to go before it is set again. */
const reads = Array<Kind>(11).fill('get')
const kindsOf: Record<'moving' | 'staying', Kind[]> = {
  moving: [...reads, 'put', 'put', 'put', 'delete', 'remove'],
  staying: [...reads, 'keep', 'keep', 'keep', 'delete', 'delete', 'remove'],
}
const kindOfTag = ({ tag }: Subject) => (tag.startsWith(kept) ? 'staying' : 'moving')

export async function runClients({ urls, seed, operations, onFault, onProgress, onStep }: Options) {
  const asking = createAsking(urls)
  const tally: Tally = { operations: 0, unanswered: 0, tags: 0, heard: {} }
  let started = 0
  let opened = 0
  const subjects = Array.from({ length: tagsAtOnce }, openSubject)
  const seeds = createRandom(seed)
  const randoms = Array.from({ length: clients }, () => createRandom(seeds.below(2 ** 32)))
  await Promise.all(randoms.map(run))
  for (const subject of subjects) close(subject)
  asking.end()
  return tally

  async function run(random: Random): Promise<void> {
    while (started < operations) {
      started += 1
      const at = pickSubject(random)
      const subject = subjects[at] as Subject
      subject.left -= 1
      if (subject.left === 0) subjects[at] = openSubject()
      await use(subject, `${seed} ${started}`, random)
    }
  }

  /** One that is not kept by a process that stands still. */
  function pickSubject(random: Random): number {
    const all = subjects.map((_, at) => at)
    const some = all.filter((at) => (subjects[at]?.open ?? 0) < mostOpen)
    return random.pick(some.length > 0 ? some : all)
  }

  async function use(subject: Subject, unique: string, random: Random): Promise<void> {
    const { concerned: all, ...asked } = plan(subject, unique, random)
    const concerned = all.filter((it) => it === subject || isOpen(it))
    for (const each of concerned) each.open += 1
    const start = performance.now()
    const { status, ...heard } = await asking.ask(asked, random)
    const end = performance.now()
    for (const each of concerned) {
      each.history.push({ kind: asked.kind, ...heard, start, end })
      each.open -= 1
      if (each.left <= 0 && each.open === 0) close(each)
    }
    count(`${asked.kind} ${status || 'nothing'}`, heard)
  }

  function count(name: string, { answer }: Heard): void {
    tally.operations += 1
    tally.heard[name] = (tally.heard[name] ?? 0) + 1
    if (answer === 'unknown') tally.unanswered += 1
    if (tally.operations % 5_000 === 0) onProgress?.(tally)
    onStep()
  }

  /** `concerned` are all tags that the request may change or read. */
  function plan(subject: Subject, unique: string, random: Random): Plan {
    const { repository, tag, pushed } = subject
    const kind = random.pick(kindsOf[kindOfTag(subject)])
    const byDigest = random.below(3) === 0
    const known = pushed.length > 0 ? random.pick(pushed.slice(-4)) : undefined
    const asked = { kind, repository, tags: [tag], unique, byDigest, concerned: [subject] }
    if (kind === 'put' || kind === 'keep') return planPush(asked, known, random)
    if (kind !== 'remove') return asked
    return known ? { ...asked, ...known } : { ...asked, kind: 'get' }
  }

  function planPush(asked: Plan, known: Pushed | undefined, random: Random): Plan {
    // Now and then the same manifest once more, which may be removed meanwhile.
    if (known && random.below(6) === 0) return { ...asked, unique: known.unique }
    const isForMany = asked.byDigest && asked.kind === 'put'
    const concerned = asked.concerned.flatMap((it) => (isForMany ? withAnother(it) : [it]))
    for (const each of concerned) each.pushed.push({ unique: asked.unique, concerned })
    return { ...asked, tags: concerned.map((it) => it.tag), concerned }
  }

  /** One request can give a manifest several tags of its repository. */
  function withAnother(subject: Subject): Subject[] {
    const isOther = (it: Subject) =>
      it !== subject && it.repository === subject.repository && kindOfTag(it) === 'moving'
    return [subject, ...subjects.filter(isOther).slice(0, 1)]
  }

  function isOpen({ left, open }: Subject): boolean {
    return left > 0 || open > 0
  }

  function openSubject(): Subject {
    opened += 1
    const repository = `histories/${Math.floor(opened / tagsTogether)}`
    const tag = opened % tagsTogether === 0 ? `${kept}${opened}` : `t${opened}`
    return { repository, tag, left: requestsForEach, open: 0, history: [], pushed: [] }
  }

  function close({ repository, tag, history }: Subject): void {
    tally.tags += 1
    if (!check(history).isLinearizable) onFault({ tag: `${repository}:${tag}`, history })
  }
}
