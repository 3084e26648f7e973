/**
 * Clients that read and change tags through all gateways at once, and write down what they asked and
 * what they heard. A tag is used for a while and then checked, so a run may be as long as it likes.
 */
import { Agent } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { begin } from '../support/http.ts'
import { digestOf, indexType } from '../support/image.ts'
import { manifestUrl } from '../support/push.ts'
import type { Random } from '../support/random.ts'
import { check, type Operation } from './linearizable.ts'

export type Fault = { tag: string; history: Operation[]; longest: number }
export type Tally = { operations: number; unanswered: number; tags: number; answers: object }

type Options = {
  urls: readonly string[]
  random: Random
  operations: number
  /** Of all repositories of the run. */
  name: string
  onProgress?: (tally: Tally) => void
}
/** A tag in use. `left` is how many more requests are to be made for it. */
type Subject = { repository: string; tag: string; left: number; open: number; history: Operation[] }
type Heard = Pick<Operation, 'answer' | 'value'>
type Kind = Operation['kind']

const clients = 48
const tagsAtOnce = 16
const requestsForEach = 60
/** What takes longer may have been done or not; another process may be asked meanwhile. */
const silenceMs = 1_000
/** A tag whose name begins so may not be moved by a push: a policy of the cluster says so. */
const kept = 'kept-'

const kinds: Record<'moving' | 'staying', Kind[]> = {
  moving: ['get', 'get', 'get', 'put', 'put', 'delete'],
  staying: ['get', 'get', 'keep', 'keep', 'delete'],
}

const push = { method: 'PUT', headers: { 'Content-Type': indexType } }
const read = { method: 'GET', headers: { Accept: indexType } }
const remove = { method: 'DELETE' }
type Request = { method: string; headers?: Record<string, string> }

/** What each answer says; of any other status nobody knows what was done. */
const requests: Record<Kind, Request & { heard: Record<number, (digest: string) => Heard> }> = {
  put: { ...push, heard: { 201: () => ({ answer: 'done' }) } },
  keep: {
    ...push,
    heard: { 201: () => ({ answer: 'done' }), 403: () => ({ answer: 'refused' }) },
  },
  get: {
    ...read,
    heard: {
      200: (value) => ({ answer: 'done', value }),
      404: () => ({ answer: 'done', value: undefined }),
    },
  },
  delete: {
    ...remove,
    heard: { 202: () => ({ answer: 'done' }), 404: () => ({ answer: 'refused' }) },
  },
}

export async function runClients({ urls, random, operations, name, onProgress }: Options) {
  const agent = new Agent({ keepAlive: true })
  const faults: Fault[] = []
  const answers: Record<string, number> = {}
  const tally: Tally = { operations: 0, unanswered: 0, tags: 0, answers }
  let started = 0
  let opened = 0
  const subjects = Array.from({ length: tagsAtOnce }, openSubject)
  await Promise.all(Array.from({ length: clients }, run))
  for (const subject of subjects) close(subject)
  agent.destroy()
  return { faults, tally }

  async function run(): Promise<void> {
    while (started < operations) {
      started += 1
      const at = random.below(subjects.length)
      const subject = subjects[at] as Subject
      subject.left -= 1
      if (subject.left === 0) subjects[at] = openSubject()
      await use(subject, `${name} ${started}`)
    }
  }

  async function use(subject: Subject, unique: string): Promise<void> {
    const kind = random.pick(kinds[subject.tag.startsWith(kept) ? 'staying' : 'moving'])
    const body = requests[kind].method === 'PUT' ? manifestOf(unique) : undefined
    subject.open += 1
    const start = performance.now()
    const heard = await ask(subject, kind, body)
    const end = performance.now()
    subject.open -= 1
    subject.history.push({ kind, value: body && digestOf(body), ...heard, start, end })
    tally.operations += 1
    if (tally.operations % 5_000 === 0) onProgress?.(tally)
    if (subject.left <= 0 && subject.open === 0) close(subject)
    if (heard.answer !== 'unknown') return
    tally.unanswered += 1
    await wait(20)
  }

  async function ask({ repository, tag }: Subject, kind: Kind, body?: Buffer): Promise<Heard> {
    const { method, headers, heard } = requests[kind]
    const url = manifestUrl({ url: random.pick(urls), repository }, tag)
    const { request, answer } = begin(method, url, { agent, ...(headers && { headers }) })
    request.setTimeout(silenceMs, () => request.destroy(new Error('nothing was heard')))
    request.end(body)
    const { status, headers: its } = await answer.catch(() => ({ status: 0, headers: undefined }))
    const name = `${kind} ${status || 'nothing'}`
    answers[name] = (answers[name] ?? 0) + 1
    return heard[status]?.(`${its?.['docker-content-digest']}`) ?? { answer: 'unknown' }
  }

  function openSubject(): Subject {
    opened += 1
    const repository = `${name}/${Math.floor(opened / 100)}`
    const tag = opened % 3 === 0 ? `${kept}${opened}` : `t${opened}`
    return { repository, tag, left: requestsForEach, open: 0, history: [] }
  }

  function close({ repository, tag, ...subject }: Subject): void {
    const history = subject.history.splice(0)
    tally.tags += 1
    const verdict = check(history)
    if (verdict.isLinearizable) return
    faults.push({ tag: `${repository}:${tag}`, history, longest: verdict.longest })
  }
}

/** A small one that needs nothing else, and that no other request pushes. */
function manifestOf(unique: string): Buffer {
  const index = { schemaVersion: 2, mediaType: indexType, manifests: [], annotations: { unique } }
  return Buffer.from(JSON.stringify(index))
}

/** One line for each request, in the order of their starts, as the tests of the checker have it. */
export function linesOf({ tag, history, longest }: Fault): string {
  const names = new Map<string, string>()
  const nameOf = (value: string | undefined) => {
    if (value === undefined) return '-'
    const known = names.get(value) ?? `v${names.size + 1}`
    names.set(value, known)
    return known
  }
  const first = Math.min(...history.map(({ start }) => start))
  const at = (moment: number) => ((moment - first) / 1000).toFixed(4)
  const marks = { done: '', refused: '!', unknown: '?' }
  const lines = history
    .toSorted((one, other) => one.start - other.start)
    .map((it) => {
      const value = it.kind === 'delete' ? '' : ` ${nameOf(it.value)}`
      return `${it.kind}${value} ${at(it.start)}-${at(it.end)}${marks[it.answer]}`
    })
  return [`${tag}: ${longest} of ${history.length} have an order`, ...lines].join('\n')
}
