/** Where browsers are told to come back over TLS only, and where they are not. */
import { request } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { afterAll, describe, expect, it } from '@jest/globals'
import { membersPolicy } from '../../policies/engine/decision.ts'
import { loginOf } from '../protocol/support/people.ts'
import { useRegistry } from '../protocol/support/suite.ts'
import { createWorkshop } from './listen/openssl.ts'

const shop = createWorkshop()
afterAll(shop.remove)
const { pem: cert, keyPem: key } = shop.make({ name: 'server', names: 'DNS:registry.example' })
const secure = { driver: 'inmemory', topology: 'whole', tls: { cert, key } } as const
const header = 'strict-transport-security'

type Running = Pick<ReturnType<typeof useRegistry>, 'registry'>
type Asked = { host?: string; method?: string; path?: string; headers?: Record<string, string> }

async function ask({ registry }: Running, { host = 'registry.example', ...asked }: Asked = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<[number, string | undefined]>()
  const { method, path = '/v2/', headers } = asked
  const to = { port: registry().port, host: '127.0.0.1', ca: cert, servername: 'registry.example' }
  const sent = { ...to, method, path, headers: { Host: host, ...headers }, agent: false }
  request(sent, async (answer) => {
    await buffer(answer)
    resolve([answer.statusCode ?? 0, answer.headersDistinct[header]?.join()])
  })
    .once('error', reject)
    .end()
  return promise
}

describe('a registry with TLS of its own', () => {
  const login = loginOf('alice')
  const own = useRegistry({ ...secure, login, policy: membersPolicy })
  const told = 'max-age=2592000'

  it.each([
    ['/', 'GET', 200],
    ['/', 'HEAD', 200],
    ['/v2/', 'GET', 401],
    ['/v2/', 'OPTIONS', 200],
    ['/v2', 'GET', 301],
    ['/favicon.ico', 'GET', 404],
    ['/v2/a/blobs/uploads/', 'POST', 401],
  ])('says so once in each answer: %s %s', async (path, method, status) => {
    expect(await ask(own, { path, method })).toEqual([status, told])
  })

  it.each([
    'registry.example:5443',
    'REGISTRY.example.',
    'registry',
    'localhost.example',
    'mylocalhost',
  ])('says so of %s', async (host) => {
    expect(await ask(own, { host, path: '/' })).toEqual([200, told])
  })

  it.each([
    ...['localhost', 'localhost:5000', 'LOCALHOST.', 'registry.localhost'],
    ...['127.0.0.1', '10.0.0.1:443', '[::1]', '[2001:db8::1]:5000'],
  ])('says nothing of %s', async (host) => {
    expect(await ask(own, { host, path: '/' })).toEqual([200, undefined])
  })

  it('says nothing of what is no host', async () => {
    expect(await ask(own, { host: 'evil.example/x?' })).toEqual([400, undefined])
  })
})

describe('http.headers', () => {
  const longer = 'max-age=63072000; includeSubDomains'
  const sets = useRegistry({ ...secure, headers: { 'strict-transport-security': [longer] } })
  const removes = useRegistry({ ...secure, headers: { 'Strict-Transport-Security': [] } })

  it('says something else, or nothing', async () => {
    for (const path of ['/', '/v2/', '/nothing']) {
      expect((await ask(sets, { path }))[1]).toBe(longer)
      expect((await ask(removes, { path }))[1]).toBeUndefined()
    }
  })
})

describe('behind a proxy that ends the TLS of clients', () => {
  const headers = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'registry.example' }
  const trustedProxies = ['127.0.0.1']
  const plain = useRegistry({ driver: 'inmemory', topology: 'whole', trustedProxies })
  const again = useRegistry({ ...secure, trustedProxies })

  it('it is the proxy that says so', async () => {
    expect((await plain.get('/v2/', { headers })).headers).not.toHaveProperty(header)
    expect(await ask(again, { headers })).toEqual([200, undefined])
  })
})
