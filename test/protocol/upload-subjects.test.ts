/** Uploads belong to a user: another's is not there, and one's own ends well though a token has run out. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { createChallenge } from '../../gateway/access/challenge.ts'
import { leewaySeconds } from '../../gateway/access/verify/verify.ts'
import { openPolicy, type Policy } from '../../policies/engine/decision.ts'
import { paths } from '../../registry/content/paths.ts'
import { make, now, open, service } from '../gateway/access/verify/made-tokens.ts'
import { sha256, startUpload } from './support/content.ts'
import { as, loginOf, withHeaders } from './support/people.ts'
import { expectError, useRegistry } from './support/suite.ts'

const hour = 3_600_000
const steps: [method: string, query: string][] = [
  ['GET', ''],
  ['HEAD', ''],
  ['PATCH', ''],
  ['PUT', `?digest=${sha256('bytes')}`],
  ['DELETE', ''],
]

/** The time at the gateway. The registry has its own clock. */
let clock: () => number
let isPushAllowed: boolean
beforeEach(() => {
  clock = Date.now
  isPushAllowed = true
})

const policy: Policy = (question) =>
  question.action === 'push' && !isPushAllowed
    ? { allowed: false, because: 'no' }
    : openPolicy(question)
const verifyToken = await open({ now: () => clock() })
const time = { verifyToken, now: () => clock() }
const realm = { scheme: 'bearer' as const, realm: 'https://auth.example/token', service }
const login = { ...loginOf('ann', 'bob'), challenge: createChallenge(realm), ...time }
const client = useRegistry({ policy, login: { ...login, graceMs: hour } })
const strict = useRegistry({ policy, login })
const [ann, bob] = [withHeaders(client, as('ann')), withHeaders(client, as('bob'))]

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** A client whose token is good until `end`, in seconds since 1970. */
async function holder(end: number, claims: object = {}, of = client) {
  return withHeaders(of, bearer(await make({ claims: { exp: end, ...claims } })))
}
const past = (end: number, ms: number) => () => (end + leewaySeconds) * 1000 + ms

describe('an upload', () => {
  it.each(steps)('is not there for another: %s', async (method, query) => {
    const path = await startUpload(ann, 'team/app')
    await ann.patch(path, { body: 'bytes' })
    const answer = await bob.send(method, path + query)
    expect(answer.status).toBe(404)
    if (method !== 'HEAD') expectError(answer, 404, 'BLOB_UPLOAD_UNKNOWN')
    expect((await ann.get(path)).headers.range).toBe('0-4')
    expect((await ann.put(`${path}?digest=${sha256('bytes')}`)).status).toBe(201)
  })

  it('is the same to whoever began it, by password or by token', async () => {
    const path = await startUpload(withHeaders(client, as('ann')), 'team/app')
    const token = await holder(now() + 300, { sub: 'ann' })
    expect((await token.patch(path, { body: 'by' })).status).toBe(202)
    expect((await ann.patch(path, { body: 'tes' })).status).toBe(202)
    expect((await token.put(`${path}?digest=${sha256('bytes')}`)).status).toBe(201)
  })

  it('of a stranger is anyone’s who may push', async () => {
    const path = await startUpload(client, 'open')
    expect((await client.patch(path, { body: 'by' })).status).toBe(202)
    expect((await bob.patch(path, { body: 'tes' })).status).toBe(202)
    expect((await ann.put(`${path}?digest=${sha256('bytes')}`)).status).toBe(201)
  })

  it('that registry:2 began is anyone’s who may push', async () => {
    const id = '0e7a3b5c-9d1f-4c52-8f6a-2b1f0c9d8e7a'
    const { storage } = client.registry()
    await storage.put(paths.uploadStarted('old', id), Buffer.from('2026-01-01T00:00:00Z'))
    const path = `/v2/old/blobs/uploads/${id}`
    expect((await bob.patch(path, { body: 'by' })).status).toBe(202)
    expect((await ann.patch(path, { body: 'tes' })).status).toBe(202)
    expect((await ann.put(`${path}?digest=${sha256('bytes')}`)).status).toBe(201)
  })
})

describe('a token that ran out', () => {
  const end = now() + 100

  it('still does for each step of an upload that was begun with it', async () => {
    const alice = await holder(end)
    const path = await startUpload(alice, 'team/app')
    clock = past(end, hour - 2000)
    expect((await alice.patch(path, { body: 'bytes' })).status).toBe(202)
    expect((await alice.get(path)).headers.range).toBe('0-4')
    expect((await alice.put(`${path}?digest=${sha256('bytes')}`)).status).toBe(201)
    clock = Date.now
    const other = await startUpload(alice, 'team/app')
    clock = past(end, 1000)
    expect((await alice.remove(other)).status).toBe(204)
  })

  type Row = [what: string, method: string, path: string]
  const beginnings: Row[] = [
    ['greet', 'GET', '/v2/'],
    ['begin another', 'POST', '/v2/team/app/blobs/uploads/'],
    ['push a manifest', 'PUT', '/v2/team/app/manifests/v1'],
    ['pull', 'GET', '/v2/team/app/tags/list'],
    ['go on with one that is not there', 'PATCH', '/v2/team/app/blobs/uploads/none'],
  ]
  it.each(beginnings)('does not do to %s', async (_what, method, path) => {
    const alice = await holder(end)
    clock = past(end, 1000)
    expectInvalid(await alice.send(method, path, { body: method === 'GET' ? undefined : 'x' }))
  })

  it.each(steps)('is refused after its grace: %s', async (method, query) => {
    const alice = await holder(end)
    const path = await startUpload(alice, 'team/app')
    clock = past(end, hour)
    expectInvalid(await alice.send(method, path + query))
  })

  it.each(steps)('is refused where there is no grace: %s', async (method, query) => {
    const alice = await holder(end, {}, strict)
    const path = await startUpload(alice, 'team/app')
    clock = past(end, 0)
    expectInvalid(await alice.send(method, path + query))
  })

  it.each(steps)('is refused for the upload of another: %s', async (method, query) => {
    const path = await startUpload(ann, 'team/app')
    const alice = await holder(end)
    clock = past(end, 1000)
    expectInvalid(await alice.send(method, path + query))
  })

  it.each(steps)('is refused for an upload that began later: %s', async (method, query) => {
    const over = now() - leewaySeconds - 100
    const alice = await holder(over, { nbf: over - 300 })
    // The registry's own clock is over the token's time already.
    clock = () => (over - 10) * 1000
    const path = await startUpload(alice, 'team/app')
    clock = Date.now
    expectInvalid(await alice.send(method, path + query))
  })

  it('of nobody is refused for the upload of a stranger', async () => {
    const nobody = await holder(end, { sub: '' })
    const path = await startUpload(nobody, 'team/app')
    clock = past(end, 1000)
    expectInvalid(await nobody.patch(path, { body: 'bytes' }))
  })

  it('allows no more than it did, and no more than the policies do now', async () => {
    const alice = await holder(end)
    const path = await startUpload(alice, 'team/app')
    clock = past(end, 1000)
    expectInvalid(await alice.patch(path.replace('team/app', 'team/other'), { body: 'bytes' }))
    isPushAllowed = false
    expectInvalid(await alice.patch(path, { body: 'bytes' }))
    isPushAllowed = true
    expect((await alice.patch(path, { body: 'bytes' })).status).toBe(202)
  })

  it('is refused when anything else is wrong with it, too', async () => {
    const alice = await holder(end)
    const path = await startUpload(alice, 'team/app')
    clock = past(end, 1000)
    for (const claims of [{ aud: 'elsewhere' }, { iss: 'https://evil.example' }]) {
      expectInvalid(await (await holder(end, claims)).patch(path, { body: 'bytes' }))
    }
  })
})

type Answer = Awaited<ReturnType<typeof client.get>>

/** The answer that makes a client get another token. */
function expectInvalid(answer: Answer): void {
  expect(answer.status).toBe(401)
  expect(answer.headers['www-authenticate']).toMatch(/^Bearer .*,error="invalid_token"$/)
  expect(answer.headers['content-type']).toBe('application/json')
}
