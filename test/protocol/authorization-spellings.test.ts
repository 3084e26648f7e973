/** A rule that denies holds for a repository and a tag in whatever spelling a path has them. */
import { beforeAll, expect, it } from '@jest/globals'
import { buildPolicy } from '../../policies/engine/load.ts'
import { packImage, pushImage, putManifest, sha256 } from './support/content.ts'
import { as, loginOf, withHeaders } from './support/people.ts'
import { useRegistry } from './support/suite.ts'

const text = `
rules:
  - { name: all do all, who: [authenticated], repositories: ["**"], actions: ["*"] }
  - { name: secrets are ann's, effect: deny, who: [bob], repositories: ["secret/app"], actions: ["*"] }
  - { name: releases stay, effect: deny, who: ["*"], repositories: ["team/app"], tags: ["v*"], actions: [overwrite, delete] }
`
const { policy } = buildPolicy([{ file: 'test.yaml', text }])
const client = useRegistry({ policy, login: loginOf('ann', 'bob') })
const [ann, bob] = [withHeaders(client, as('ann')), withHeaders(client, as('bob'))]
const digest = sha256('a layer')
const image = packImage(['a layer'])
const other = packImage(['a layer'], { annotations: { is: 'the second' } })

const requests: [method: string, rest: string][] = [
  ['GET', 'tags/list'],
  ['GET', 'manifests/latest'],
  ['HEAD', `manifests/${image.digest}`],
  ['GET', `blobs/${digest}`],
  ['GET', `referrers/${image.digest}`],
  ['PUT', 'manifests/latest'],
  ['DELETE', 'manifests/latest'],
  ['DELETE', `blobs/${digest}`],
  ['POST', 'blobs/uploads/'],
  ['PATCH', 'blobs/uploads/some-id'],
]

/** Names of secret/app, and of what may be the same folder. */
const names = [
  ...['secret/app', 'secret%2Fapp', 'secret%2fapp', '%73ecret/app', '%73ecret%2F%61pp'],
  ...['Secret/app', 'SECRET%2Fapp', '%53ecret/app'],
]
/** Names that are none, or whose slashes are too many. */
const twisted = [
  ...['secret//app', '/secret/app', 'secret/app/', 'secret%2F/app', 'secret%2F%2Fapp'],
  ...['secret%252Fapp', 'secret%5Capp', 'other/../secret/app', 'other%2F..%2Fsecret%2Fapp'],
  ...['secret%2F.%2Fapp', '.%2Fsecret%2Fapp', 'secret%2Fapp%00', 'secret%2Fapp%20', 'secret;/app'],
  ...['secret%2FApp', 'secret%2FAPP', 'secret%c0%afapp', 'secret%EF%BC%8Fapp'],
]
const strangers = [[client, 401] as const, [bob, 403] as const]

beforeAll(async () => {
  for (const name of ['secret/app', 'team/app']) {
    for (const reference of ['latest', 'v1']) {
      await pushImage(ann, name, { reference, layers: ['a layer'] })
    }
  }
})

it.each(names)('a repository is denied as %s', async (name) => {
  for (const [method, rest] of requests) {
    for (const [person, refused] of strangers) {
      expect((await person.send(method, `/v2/${name}/${rest}`)).status).toBe(refused)
    }
  }
})

it.each(twisted)('a repository is not reached as %s', async (name) => {
  for (const [method, rest] of requests) {
    for (const [person, refused] of strangers) {
      const answer = await person.send(method, `/v2/${name}/${rest}`)
      expect([301, 400]).toContain(answer.status)
      if (answer.status === 400) continue
      expect(answer.headers.location).toBe(`/v2/secret/app/${rest}`)
      expect((await person.send(method, `${answer.headers.location}`)).status).toBe(refused)
    }
  }
})

it.each(['secret/app', 'secret%2Fapp', 'secret%252Fapp', 'Secret/app', '%2Fsecret/app'])(
  'nothing is mounted from %s',
  async (from) => {
    const start = `/v2/home%2Fbob/blobs/uploads/?mount=${digest}&from=${from}`
    expect((await bob.post(start)).status).toBe(202)
    expect((await bob.head(`/v2/home%2fbob/blobs/${digest}`)).status).toBe(404)
  },
)

const releases = ['team/app/manifests/v1', 'team%2Fapp/manifests/v1', 'team%2fapp/manifests/%761']
it.each([...releases, 'te%61m%2Fapp/manifests/v%31'])('a tag stays as it is: %s', async (path) => {
  expect((await putManifest(ann, path, other)).status).toBe(403)
  expect((await ann.remove(`/v2/${path}`)).status).toBe(403)
  const digests = path.replace(/[^/]+$/, '')
  expect((await putManifest(ann, `${digests}${other.digest}?tag=v1`, other)).status).toBe(403)
  expect((await ann.remove(`/v2/${digests}${image.digest.replace(':', '%3A')}`)).status).toBe(403)
  const { headers } = await ann.head('/v2/team/app/manifests/v1')
  expect(headers['docker-content-digest']).toBe(image.digest)
})

it('what was denied has changed nothing', async () => {
  expect((await ann.get('/v2/secret/app/tags/list')).text).toContain('["latest","v1"]')
})
