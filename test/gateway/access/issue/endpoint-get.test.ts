import { describe, expect, it } from '@jest/globals'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { accessOf, basic, get, issuer, keys, own, service, verify } from './token-service.ts'

describe('GET', () => {
  it('answers a token under both names, with its time', async () => {
    const { status, headers, json } = await get(
      `service=${service}&scope=repository:team/app:pull`,
      own,
    )
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/json')
    expect(headers['cache-control']).toBe('no-store')
    expect(Object.keys(json)).toEqual(['token', 'access_token', 'expires_in', 'issued_at'])
    expect(json.access_token).toBe(json.token)
    expect(json.expires_in).toBe(900)
    const claims = decodeJwt(json.token)
    expect(claims).toMatchObject({ iss: issuer, sub: 'alice', aud: service, kura_groups: ['dev'] })
    expect(Date.parse(json.issued_at)).toBe(Number(claims.iat) * 1000)
    expect(Number(claims.exp) - Number(claims.iat)).toBe(900)
    expect(claims.nbf).toBe(claims.iat)
    expect(claims.jti).toMatch(/^[\w-]{36}$/)
    const { kid } = await keys.signing()
    expect(decodeProtectedHeader(json.token)).toEqual({ alg: 'ES256', typ: 'JWT', kid })
  })

  it('answers what the registry takes', async () => {
    const { json } = await get('scope=repository:team/app:pull,push', own)
    expect(await verify(json.token)).toEqual({
      name: 'alice',
      groups: ['dev'],
      method: 'token',
      bound: [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }],
    })
    const stranger = await get('scope=repository:public/a:pull')
    expect(await verify(stranger.json.token)).toMatchObject({ name: undefined, groups: [] })
  })

  const repository = (name: string, ...actions: string[]) => ({ type: 'repository', name, actions })

  it.each([
    ['no scope', '', own, []],
    [
      'what is allowed',
      'scope=repository:team/a:pull,push',
      own,
      [repository('team/a', 'pull', 'push')],
    ],
    [
      'more than is allowed',
      'scope=repository:public/a:pull,push',
      own,
      [repository('public/a', 'pull')],
    ],
    ['nothing that is allowed', 'scope=repository:other/a:pull', own, []],
    [
      'everything',
      'scope=repository:team/a:*',
      own,
      [repository('team/a', 'pull', 'push', 'delete')],
    ],
    [
      'repeated scopes',
      'scope=repository:team/a:pull&scope=repository:team/b:push',
      own,
      [repository('team/a', 'pull'), repository('team/b', 'push')],
    ],
    [
      'scopes in one',
      'scope=repository:team/a:pull%20repository:team/b:push',
      own,
      [repository('team/a', 'pull'), repository('team/b', 'push')],
    ],
    [
      'the catalog',
      'scope=registry:catalog:*',
      own,
      [{ type: 'registry', name: 'catalog', actions: ['*'] }],
    ],
    ['the catalog, as a stranger', 'scope=registry:catalog:*', {}, []],
    ['another part of the registry', 'scope=registry:admin:*', own, []],
    ['a name that is none', 'scope=repository:team/../x:pull', own, []],
    ['an action that is none', 'scope=repository:team/a:overwrite,admin', own, []],
    [
      'public things, as a stranger',
      'scope=repository:public/a:pull,push',
      {},
      [repository('public/a', 'pull')],
    ],
    ['other things, as a stranger', 'scope=repository:team/a:pull', {}, []],
    [
      'more than its own bound, as a robot',
      'scope=repository:team/app:pull,push%20repository:team/b:pull',
      basic('any', 'kura_robot'),
      [repository('team/app', 'pull')],
    ],
  ])('grants for %s', async (_what, query, headers, expected) => {
    const { status, json } = await get(query, headers)
    expect([status, accessOf(json.token)]).toEqual([200, expected])
  })

  it.each([
    ['a wrong password', basic('alice', 'wrong')],
    ['an unknown user', basic('bob', 'secret:word')],
    ['an empty password', basic('alice', '')],
    ['no name', basic('', '')],
    ['no colon', { Authorization: 'Basic YWxpY2U=' }],
    ['no base64', { Authorization: 'Basic ???' }],
    ['another scheme', { Authorization: 'Bearer abc' }],
    ['an unknown scheme', { Authorization: 'Negotiate abc' }],
  ])('refuses %s with a challenge', async (_what, headers) => {
    const answer = await get('scope=repository:public/a:pull', headers)
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toBe('Basic realm="registry.example"')
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.json).toEqual({
      errors: [{ code: 'UNAUTHORIZED', message: 'the credentials are not valid' }],
    })
  })

  it('refuses another service', async () => {
    const { status, headers } = await get('service=other', own)
    expect([status, headers['www-authenticate']]).toEqual([400, undefined])
  })

  it('says when to try again after too many failures', async () => {
    const { status, headers, json } = await get('', basic('slow', 'x'))
    expect([status, headers['retry-after'], headers['cache-control']]).toEqual([
      429,
      '7',
      'no-store',
    ])
    expect(json.errors[0].code).toBe('TOOMANYREQUESTS')
  })

  it('says nothing of what broke', async () => {
    const { status, body } = await get('', basic('broken', 'x'))
    expect([status, body.toString().includes('users')]).toEqual([500, false])
  })

  it.each([
    ['asked and signed in', 'offline_token=true', own, true],
    ['not asked', '', own, false],
    ['asked otherwise', 'offline_token=1', own, false],
    ['a stranger', 'offline_token=true', {}, false],
    ['a robot', 'offline_token=true', basic('any', 'kura_robot'), false],
  ])('answers a refresh token or not: %s', async (_what, query, headers, expected) => {
    const { json } = await get(`account=alice&client_id=docker&${query}`, headers)
    expect(typeof json.refresh_token === 'string').toBe(expected)
  })
})
