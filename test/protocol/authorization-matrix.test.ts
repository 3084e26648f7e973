/** The rights of every kind of user at each method of each endpoint. */
import { describe, expect, it } from '@jest/globals'
import { type Kind, parseTarget } from '../../registry/protocol/endpoints.ts'
import { imageManifest } from '../../registry/protocol/media-types.ts'
import { type Answer, locationOf, type Sent } from './support/client.ts'
import { type Packed, packImage, pushBlob, putManifest, sha256 } from './support/content.ts'
import { type Name, names, type Person, useGuarded } from './support/guarded.ts'

const { people } = useGuarded()
const { owner } = people

/** A request; the content that it is about has been prepared. */
type Asked = { path: string; sent?: Sent }
type Prepare = (who: Person) => Promise<Asked>
/** One status for each of `names`. */
type Row = [what: string, method: string, prepare: Prepare, ...statuses: number[]]

const app = '/v2/team/app'
const layer = sha256('a layer')
const image = packImage(['a layer'])
let count = 0
/** Another one each time it is asked for, so that no cell of the table touches another. */
const fresh = (what: string) => `${what}-${++count}`
const freshImage = (): Packed => packImage(['a layer'], { annotations: { is: fresh('image') } })

const at =
  (path: string, sent?: Sent): Prepare =>
  async () => ({ path, ...(sent && { sent }) })

/** Their own upload; of those who may not begin one, that of somebody who may. */
const upload =
  (bytes: string, send: (path: string) => Asked): Prepare =>
  async (who) => {
    const start = (by: Person) => by.post(`${app}/blobs/uploads/`)
    const own = await start(who)
    const begun =
      own.status === 202 ? { answer: own, by: who } : { answer: await start(owner), by: owner }
    const path = locationOf(begun.answer)
    if (bytes) expect((await begun.by.patch(path, { body: bytes })).status).toBe(202)
    return send(path)
  }

const manifest = ({ bytes }: Packed): Sent => ({
  body: bytes,
  headers: { 'Content-Type': imageManifest },
})

/** Moves a tag that is there already. */
async function moved(path: (tag: string, image: Packed) => string): Promise<Asked> {
  const [tag, next] = [fresh('moved'), freshImage()]
  expect((await putManifest(owner, `team/app/manifests/${tag}`, image)).status).toBe(201)
  return { path: path(tag, next), sent: manifest(next) }
}

async function added(reference: (tag: string, image: Packed) => string): Promise<Asked> {
  const [tag, own] = [fresh('added'), freshImage()]
  expect((await putManifest(owner, `team/app/manifests/${tag}`, own)).status).toBe(201)
  return { path: `${app}/manifests/${reference(tag, own)}` }
}

// Columns:                     stranger member reader writer owner keeper robot elsewhere expired
const greet = [401, 200, 200, 200, 200, 200, 200, 200, 401]
const list = [401, 200, 200, 200, 200, 200, 403, 401, 401]
const pull = (ok: number) => [401, 403, ok, ok, ok, ok, ok, 401, 401]
const push = (ok: number) => [401, 403, 403, ok, ok, ok, ok, 401, 401]
const move = [401, 403, 403, 201, 201, 403, 201, 401, 401]
const remove = [401, 403, 403, 403, 202, 202, 403, 401, 401]

const table: Record<Kind, Row[]> = {
  base: [
    ['greets', 'GET', at('/v2/'), ...greet],
    ['greets', 'HEAD', at('/v2/'), ...greet],
  ],
  catalog: [['lists repositories', 'GET', at('/v2/_catalog'), ...list]],
  tags: [['lists tags', 'GET', at(`${app}/tags/list`), ...pull(200)]],
  referrers: [['lists referrers', 'GET', at(`${app}/referrers/${image.digest}`), ...pull(200)]],
  blob: [
    ['pulls a blob', 'GET', at(`${app}/blobs/${layer}`), ...pull(200)],
    [
      'pulls a part of it',
      'GET',
      at(`${app}/blobs/${layer}`, { headers: { Range: 'bytes=2-' } }),
      ...pull(206),
    ],
    ['looks for a blob', 'HEAD', at(`${app}/blobs/${layer}`), ...pull(200)],
    ['looks for none', 'HEAD', at(`${app}/blobs/${sha256('none')}`), ...pull(404)],
    [
      'deletes a blob',
      'DELETE',
      async () => ({ path: `${app}/blobs/${await pushBlob(owner, 'team/app', fresh('blob'))}` }),
      ...remove,
    ],
  ],
  uploads: [
    ['begins an upload', 'POST', at(`${app}/blobs/uploads/`), ...push(202)],
    ['begins one without a slash', 'POST', at(`${app}/blobs/uploads`), ...push(202)],
    [
      'pushes a blob in one',
      'POST',
      async () => {
        const body = fresh('whole')
        return { path: `${app}/blobs/uploads/?digest=${sha256(body)}`, sent: { body } }
      },
      ...push(201),
    ],
    [
      'mounts a blob',
      'POST',
      async () => {
        const digest = await pushBlob(owner, 'team/other', fresh('mounted'))
        return { path: `${app}/blobs/uploads/?mount=${digest}&from=team/other` }
      },
      ...push(201),
    ],
  ],
  upload: [
    ['asks for an upload', 'GET', upload('', (path) => ({ path })), ...push(204)],
    ['asks for an upload', 'HEAD', upload('', (path) => ({ path })), ...push(204)],
    [
      'goes on with it',
      'PATCH',
      upload('some', (path) => ({ path, sent: { body: 'more' } })),
      ...push(202),
    ],
    [
      'ends it',
      'PUT',
      upload('all', (path) => ({ path: `${path}?digest=${sha256('all')}` })),
      ...push(201),
    ],
    [
      'ends it with bytes',
      'PUT',
      upload('', (path) => ({ path: `${path}?digest=${sha256('all')}`, sent: { body: 'all' } })),
      ...push(201),
    ],
    ['gives it up', 'DELETE', upload('some', (path) => ({ path })), ...push(204)],
  ],
  manifest: [
    ['pulls a tag', 'GET', at(`${app}/manifests/latest`), ...pull(200)],
    ['pulls a digest', 'GET', at(`${app}/manifests/${image.digest}`), ...pull(200)],
    ['looks for a tag', 'HEAD', at(`${app}/manifests/latest`), ...pull(200)],
    ['looks for a digest', 'HEAD', at(`${app}/manifests/${image.digest}`), ...pull(200)],
    ['looks for none', 'HEAD', at(`${app}/manifests/none`), ...pull(404)],
    [
      'pushes a new tag',
      'PUT',
      async () => ({ path: `${app}/manifests/${fresh('new')}`, sent: manifest(image) }),
      ...push(201),
    ],
    [
      'pushes a digest',
      'PUT',
      async () => {
        const own = freshImage()
        return { path: `${app}/manifests/${own.digest}`, sent: manifest(own) }
      },
      ...push(201),
    ],
    ['moves a tag', 'PUT', () => moved((tag) => `${app}/manifests/${tag}`), ...move],
    [
      'moves a tag by the way',
      'PUT',
      () => moved((tag, { digest }) => `${app}/manifests/${digest}?tag=${tag}`),
      ...move,
    ],
    ['deletes a tag', 'DELETE', () => added((tag) => tag), ...remove],
    ['deletes a digest', 'DELETE', () => added((_, { digest }) => digest), ...remove],
  ],
}

const errors: Partial<Record<Name, string>> = {
  elsewhere: 'error="insufficient_scope"',
  expired: 'error="invalid_token"',
}

/** A 401 says how to sign in, and to whom a token does not do, why. */
function expectChallenge(name: Name, { status, headers }: Answer): void {
  if (status !== 401) return
  const challenge = headers['www-authenticate'] ?? ''
  expect(challenge).toMatch(/^Bearer realm="https:\/\/auth\.example\/token",service="/)
  const said = /error="\w+"/.exec(challenge)?.[0]
  expect(said).toBe(errors[name])
}

describe.each(Object.entries(table))('%s', (kind, rows) => {
  it.each(rows)('who %s with %s', async (_what, method, prepare, ...statuses) => {
    const found: Record<string, number> = {}
    for (const name of names) {
      const { path, sent } = await prepare(people[name])
      expect(parseTarget(method, path.split('?')[0] ?? '').target?.kind).toBe(kind)
      const answer = await people[name].send(method, path, sent)
      found[name] = answer.status
      expectChallenge(name, answer)
      if (answer.status >= 400 && method !== 'HEAD' && answer.status !== 404) {
        expect(answer.text).not.toContain('a layer')
      }
    }
    expect(found).toEqual(Object.fromEntries(names.map((name, at) => [name, statuses[at]])))
  })

  it('is asked with every method it has', async () => {
    const [first] = rows
    const { path } = (await first?.[2](owner)) ?? { path: '' }
    const { allow } = parseTarget('OPTIONS', path.split('?')[0] ?? '')
    const asked = new Set(rows.map(([, method]) => method))
    expect([...asked].sort()).toEqual(allow.split(', '))
  })
})
