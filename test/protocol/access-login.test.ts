/** Users who have to sign in, and the answers until they do. */
import { describe, expect, it } from '@jest/globals'
import { membersPolicy } from '../../policies/engine/decision.ts'
import { as, loginOf } from './support/people.ts'
import { expectError, useRegistry } from './support/suite.ts'

describe('a registry with passwords', () => {
  const client = useRegistry({ policy: membersPolicy, login: loginOf('ann') })
  const challenge = 'Basic realm="The Test"'

  const requests: [method: string, path: string][] = [
    ['GET', '/v2/'],
    ['GET', '/v2/_catalog'],
    ['GET', '/v2/a/tags/list'],
    ['HEAD', '/v2/a/manifests/v1'],
    ['PUT', '/v2/a/manifests/v1'],
    ['DELETE', '/v2/a/manifests/v1'],
    ['GET', `/v2/a/blobs/sha256:${'0'.repeat(64)}`],
    ['POST', '/v2/a/blobs/uploads/'],
    ['GET', `/v2/a/referrers/sha256:${'0'.repeat(64)}`],
  ]
  it.each(requests)('asks a stranger who they are: %s %s', async (method, path) => {
    const answer = await client.send(method, path)
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toBe(challenge)
    expect(answer.headers['docker-distribution-api-version']).toBe('registry/2.0')
    if (method !== 'HEAD') expectError(answer, 401, 'UNAUTHORIZED')
  })

  it('says with a refusal what was asked for, as registry:2 does', async () => {
    const [detail] = expectError(await client.get('/v2/a/tags/list'), 401, 'UNAUTHORIZED')
    expect(detail).toEqual([{ Type: 'repository', Class: '', Name: 'a', Action: 'pull' }])
    expect(expectError(await client.get('/v2/'), 401, 'UNAUTHORIZED')).toEqual([null])
  })

  const wrong: [what: string, headers: Record<string, string>][] = [
    ['a wrong password', as('ann', 'no')],
    ['an unknown user', as('eve')],
    ['an empty password', as('ann', '')],
    ['no base64', { authorization: 'Basic %%%' }],
    ['another scheme', { authorization: 'Digest username="ann"' }],
    ['a token where none are given out', { authorization: 'Bearer abc' }],
  ]
  it.each(wrong)('takes nobody with %s for a stranger', async (_, headers) => {
    const answer = await client.send('GET', '/v2/', { headers })
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toBe(challenge)
  })

  it('lets whoever signs in do everything', async () => {
    const headers = as('ann')
    expect((await client.send('GET', '/v2/', { headers })).status).toBe(200)
    expect((await client.send('POST', '/v2/a/blobs/uploads/', { headers })).status).toBe(202)
  })

  it('answers OPTIONS and the root without asking, for browsers and load balancers', async () => {
    expect((await client.send('OPTIONS', '/v2/a/tags/list')).status).toBe(200)
    expect((await client.get('/')).status).toBe(200)
  })
})
