/**
 * The requests behind the operations of a history, and what their answers say. A request with another
 * answer than these, or with none, may have been done or not, at once or later.
 */
import { Agent } from 'node:http'
import { type Answer, begin } from '../support/http.ts'
import { digestOf, indexType } from '../support/image.ts'
import { manifestUrl } from '../support/push.ts'
import type { Random } from '../support/random.ts'
import type { Operation } from './linearizable.ts'

type Kind = Operation['kind']
export type Heard = Pick<Operation, 'answer' | 'value'>
export type Asked = {
  kind: Kind
  repository: string
  tags: string[]
  /** Of the manifest that is pushed or removed. */
  unique: string
  /** A push that names its tags beside the digest. */
  byDigest: boolean
}

/**
 * A request that takes longer may have been done or not, which says little. So the time is longer than a process
 * stands still, and than others wait for a lease that it keeps.
 */
const patienceMs = 16_000
/** A registry that leaves all its requests without an answer for so long gets no more of them. */
const silenceMs = 300

const methods: Record<Kind, string> = {
  put: 'PUT',
  keep: 'PUT',
  get: 'GET',
  delete: 'DELETE',
  remove: 'DELETE',
}
const answers: Record<Kind, Record<number, Heard['answer']>> = {
  put: { 201: 'done' },
  keep: { 201: 'done', 403: 'refused' },
  get: { 200: 'done', 404: 'done' },
  delete: { 202: 'done', 404: 'refused' },
  remove: { 202: 'done', 404: 'refused' },
}

export function createAsking(urls: readonly string[]) {
  const agent = new Agent({ keepAlive: true })
  const registries = urls.map((url) => ({ url, open: 0, heardAt: 0, goneAt: 0 }))
  type Registry = (typeof registries)[number]
  return { ask, end: () => agent.destroy() }

  async function ask(asked: Asked, random: Random): Promise<Heard & { status: number }> {
    const bytes = manifestOf(asked.unique)
    const found = await send(pick(random), asked, bytes)
    const status = found?.status ?? 0
    const value = asked.kind === 'get' ? found && readOf(found) : digestOf(bytes)
    return { status, answer: answers[asked.kind][status] ?? 'unknown', value }
  }

  async function send(to: Registry, asked: Asked, bytes: Buffer): Promise<Answer | undefined> {
    const { kind, repository } = asked
    const target = manifestUrl({ url: to.url, repository }, referenceOf(asked, digestOf(bytes)))
    const headers = { [kind === 'get' ? 'Accept' : 'Content-Type']: indexType }
    if (to.open === 0) to.heardAt = performance.now()
    to.open += 1
    const { request, answer } = begin(methods[kind], target, { agent, headers })
    request.setTimeout(patienceMs, () => request.destroy(new Error('nothing was heard')))
    request.end(methods[kind] === 'PUT' ? bytes : undefined)
    const found = await answer.catch(() => undefined)
    to.open -= 1
    to[found ? 'heardAt' : 'goneAt'] = performance.now()
    return found
  }

  /** Of those that are silent one request at a time finds out whether they still are. */
  function pick(random: Random): Registry {
    const now = performance.now()
    const isSilent = ({ open, heardAt, goneAt }: Registry) =>
      open > 0 ? now - heardAt > silenceMs : goneAt > heardAt && now - goneAt < silenceMs
    const talking = registries.filter((it) => !isSilent(it))
    return random.pick(talking.length > 0 ? talking : registries)
  }
}

function referenceOf({ kind, tags, byDigest }: Asked, digest: string): string {
  const [tag = ''] = tags
  if (kind === 'remove') return digest
  const isPush = kind === 'put' || kind === 'keep'
  return isPush && byDigest ? `${digest}?${tags.map((it) => `tag=${it}`).join('&')}` : tag
}

/** The digest of the body, and the one that the answer names where that is another. */
function readOf({ status, headers, body }: Answer): string | undefined {
  if (status !== 200) return undefined
  const [said, found] = [`${headers['docker-content-digest']}`, digestOf(body)]
  return said === found ? found : `${found}, said to be ${said}`
}

/** A small one that needs nothing else. */
function manifestOf(unique: string): Buffer {
  const index = { schemaVersion: 2, mediaType: indexType, manifests: [], annotations: { unique } }
  return Buffer.from(JSON.stringify(index))
}
