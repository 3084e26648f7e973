/** Policies, endpoint by endpoint, and ways round them that lead nowhere. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { buildPolicy } from '../../policies/engine/load.ts'
import { startRegistry } from '../support/registry.ts'
import { jsonOf } from './support/client.ts'
import { packImage, pushBlob, pushImage, putManifest, sha256 } from './support/content.ts'
import { as, loginOf, withHeaders } from './support/people.ts'
import { expectError, useRegistry } from './support/suite.ts'

const text = `
rules:
  - { name: all pull public, who: ["*"], repositories: ["public/**"], actions: [pull] }
  - { name: ann owns team, who: [ann], repositories: ["team/**", "public/**", "hidden/**"], actions: ["*"] }
  - { name: a home for each, who: [authenticated], repositories: ["home/\${user}/**"], actions: ["*"] }
  - { name: bob reads team, who: [bob], repositories: ["team/**"], actions: [pull] }
  - { name: releases stay, effect: deny, who: ["*"], repositories: ["**"], tags: ["v*"], actions: [overwrite, delete] }
`

describe('policies', () => {
  const { policy } = buildPolicy([{ file: 'test.yaml', text }])
  const client = useRegistry({ policy, login: loginOf('ann', 'bob') })
  const ann = withHeaders(client, as('ann'))
  const bob = withHeaders(client, as('bob'))
  const image = packImage(['a layer'], { annotations: { is: 'the first' } })
  const other = packImage(['a layer'], { annotations: { is: 'the second' } })

  beforeAll(async () => {
    for (const repository of ['hidden/a', 'public/app', 'team/app']) {
      await pushImage(ann, repository, { reference: 'latest', layers: ['a layer'] })
      await pushBlob(ann, repository, `secret of ${repository}`)
    }
  })

  // Columns: a stranger, ann, bob.
  const matrix: [method: string, path: string, ...statuses: number[]][] = [
    ['GET', '/v2/', 401, 200, 200],
    ['GET', '/v2/_catalog', 200, 200, 200],
    ['GET', '/v2/public/app/tags/list', 200, 200, 200],
    ['GET', '/v2/public/app/manifests/latest', 200, 200, 200],
    ['HEAD', `/v2/public/app/blobs/${sha256('a layer')}`, 200, 200, 200],
    ['GET', `/v2/public/app/referrers/${image.digest}`, 200, 200, 200],
    ['POST', '/v2/public/app/blobs/uploads/', 401, 202, 403],
    ['GET', '/v2/team/app/tags/list', 401, 200, 200],
    ['GET', '/v2/team/app/manifests/latest', 401, 200, 200],
    ['POST', '/v2/team/app/blobs/uploads/', 401, 202, 403],
    ['PUT', '/v2/team/app/manifests/new', 401, 400, 403],
    ['DELETE', '/v2/team/app/manifests/none', 401, 404, 403],
    ['DELETE', `/v2/team/app/blobs/${sha256('none')}`, 401, 404, 403],
    ['PATCH', '/v2/team/app/blobs/uploads/some-id', 401, 404, 403],
    ['GET', '/v2/elsewhere/tags/list', 401, 403, 403],
    ['GET', '/v2/teams/tags/list', 401, 403, 403],
  ]
  it.each(matrix)('%s %s is answered %i to a stranger, %i to ann, %i to bob', async (...row) => {
    const [method, path, ...statuses] = row
    const answers = [client, ann, bob].map((person) => person.send(method, path))
    expect((await Promise.all(answers)).map((it) => it.status)).toEqual(statuses)
  })

  it('list in the catalog what the one who asks may see, in full pages', async () => {
    const seen = async (person: typeof ann, query: string) =>
      jsonOf(await person.get(`/v2/_catalog${query}`)).repositories
    expect(await seen(ann, '?n=2')).toEqual(['hidden/a', 'public/app'])
    expect(await seen(bob, '?n=2')).toEqual(['public/app', 'team/app'])
    expect(await seen(withHeaders(client, {}), '?n=2')).toEqual(['public/app'])
    expect((await bob.get('/v2/_catalog?n=2')).headers.link).toBeUndefined()
    expect((await bob.get('/v2/_catalog?n=1')).headers.link).toContain('last=public%2Fapp')
  })

  it('do not let content be mounted from where it may not be pulled', async () => {
    const start = '/v2/home/bob/blobs/uploads/?mount='
    const hidden = sha256('secret of hidden/a')
    for (const from of ['&from=hidden/a', '', '&from=team/../hidden/a', '&from=HIDDEN/a']) {
      expect((await bob.post(`${start}${hidden}${from}`)).status).toBe(202)
    }
    const shared = sha256('secret of team/app')
    expect((await bob.post(`${start}${shared}&from=team/app`)).status).toBe(201)
  })

  const detours = [
    '/v2/public/app/../../team/app/tags/list',
    '/v2/public%2f..%2fteam/app/tags/list',
    '/v2/team%2Fapp/tags/list',
    '/v2/public\\..\\team/app/tags/list',
  ]
  it.each(detours)('cannot be got round by %s', async (path) => {
    const answer = await client.get(path)
    expect([400, 401]).toContain(answer.status)
  })

  it('keep a release as it is: not moved, not deleted, not even by its digest', async () => {
    const put = (reference: string, content = image) =>
      putManifest(ann, `team/app/manifests/${reference}`, content)
    expect((await put('v1')).status).toBe(201)
    expect((await put('v1')).status).toBe(201)

    const moved = await put('v1', other)
    const [detail] = expectError(moved, 403, 'DENIED')
    expect(detail).toEqual({ tag: 'v1', digest: image.digest })
    const query = `${other.digest}?tag=fresh&tag=v1`
    expectError(await put(query, other), 403, 'DENIED')
    for (const reference of ['v1', image.digest]) {
      const path = `/v2/team/app/manifests/${reference}`
      expectError(await ann.remove(path), 403, 'DENIED')
      expect((await ann.get(path)).status).toBe(200)
    }
    expect((await put('latest', other)).status).toBe(201)
  })

  it('let one of two win who push a release at the same time', async () => {
    const rivals = Array.from({ length: 8 }, (_, i) =>
      packImage(['a layer'], { annotations: { rival: `${i}` } }),
    )
    const answers = await Promise.all(
      rivals.map((it) => putManifest(ann, 'team/app/manifests/v2', it)),
    )
    expect(answers.map((it) => it.status).sort()).toEqual([201, ...Array(7).fill(403)])
    const winner = rivals[answers.findIndex((it) => it.status === 201)]
    const kept = await ann.head('/v2/team/app/manifests/v2')
    expect(kept.headers['docker-content-digest']).toBe(winner?.digest)
  })
})

it('keep the catalog from strangers when there is nothing in it for them', async () => {
  const rule = 'rules: [{ name: a, who: [authenticated], repositories: ["**"], actions: [pull] }]'
  const { policy } = buildPolicy([{ file: 'test.yaml', text: rule }])
  const registry = await startRegistry({ policy, login: loginOf('ann') })
  const catalog = (headers: Record<string, string>) =>
    fetch(`${registry.url}/v2/_catalog`, { headers })
  expect((await catalog({})).status).toBe(401)
  expect((await catalog(as('ann'))).status).toBe(200)
  await registry.close()
})
