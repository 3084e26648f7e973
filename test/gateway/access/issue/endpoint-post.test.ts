import { describe, expect, it } from '@jest/globals'
import { begin } from '../../../support/http.ts'
import { accessOf, base, form, post, service, start, verify } from './token-service.ts'

describe('POST', () => {
  const login = { grant_type: 'password', username: 'alice', password: 'secret:word', service }
  const scope = 'repository:team/a:pull,push repository:other/b:pull'

  it('answers as GET does, and what it granted', async () => {
    const { status, headers, json } = await post({ ...login, scope })
    expect([status, headers['cache-control']]).toEqual([200, 'no-store'])
    expect(json).toMatchObject({ scope: 'repository:team/a:pull,push', expires_in: 900 })
    expect(accessOf(json.token)).toEqual([
      { type: 'repository', name: 'team/a', actions: ['pull', 'push'] },
    ])
    expect(json).not.toHaveProperty('refresh_token')
  })

  it('gives a refresh token and takes it', async () => {
    const first = await post({ ...login, access_type: 'offline' })
    const refresh = { grant_type: 'refresh_token', refresh_token: first.json.refresh_token }
    const { status, json } = await post({ ...refresh, service, client_id: 'docker', scope })
    expect(status).toBe(200)
    expect(await verify(json.token)).toMatchObject({ name: 'alice', groups: ['dev'] })
    expect(json.scope).toBe('repository:team/a:pull,push')
  })

  it.each<[string, Record<string, string> | string, number, string]>([
    ['a wrong password', { ...login, password: 'x' }, 401, 'invalid_grant'],
    ['no password', { grant_type: 'password', username: 'alice' }, 400, 'invalid_request'],
    [
      'two users',
      'grant_type=password&username=a&username=alice&password=x',
      400,
      'invalid_request',
    ],
    ['no grant', { username: 'alice' }, 400, 'invalid_request'],
    ['another grant', { grant_type: 'client_credentials' }, 400, 'unsupported_grant_type'],
    ['an inherited grant', { grant_type: 'constructor' }, 400, 'unsupported_grant_type'],
    ['another service', { ...login, service: 'other' }, 400, 'invalid_request'],
    ['no refresh token', { grant_type: 'refresh_token' }, 400, 'invalid_request'],
    ['nonsense', { grant_type: 'refresh_token', refresh_token: 'x' }, 401, 'invalid_grant'],
    ['delayed', { ...login, username: 'slow' }, 429, 'temporarily_unavailable'],
  ])('refuses %s in the words of OAuth', async (_what, body, status, error) => {
    const answer = await post(body)
    expect([answer.status, answer.json.error]).toEqual([status, error])
    expect(Object.keys(answer.json)).toEqual(['error', 'error_description'])
    expect(answer.headers['cache-control']).toBe('no-store')
    const challenge = status === 401 ? 'Basic realm="registry.example"' : undefined
    expect(answer.headers['www-authenticate']).toBe(challenge)
  })

  it.each(['application/json', 'multipart/form-data; boundary=x', 'text/plain', ''])(
    'reads no %p',
    async (type) => {
      const answer = await post(login, { 'Content-Type': type })
      expect([answer.status, answer.json.error]).toEqual([415, 'invalid_request'])
    },
  )

  it('reads no more than 64 KiB, whether it was told the length or not', async () => {
    const long = { ...login, scope: 'x'.repeat(65_536) }
    expect((await post(long)).status).toBe(413)

    const { request, answer } = begin('POST', `${base}/v2/token`, { headers: form })
    request.write('a'.repeat(40_000))
    request.end('a'.repeat(40_000))
    expect((await answer).status).toBe(413)
  })

  it('does not wait for a slow body', async () => {
    const impatient = await start({ bodyWithinMs: 20 })
    const { request, answer } = begin('POST', `${impatient}/v2/token`, { headers: form })
    request.write('grant_type=')
    const whole = setTimeout(() => request.end('password'), 100)
    expect((await answer).status).toBe(408)
    clearTimeout(whole)
  })
})
