/** Paths that clients spell otherwise: slashes of a name that are escaped, and slashes too many. */
import { describe, expect, it } from '@jest/globals'
import { nextOf } from './support/client.ts'
import { packImage, pushImage, putManifest, sha256, startUpload } from './support/content.ts'
import { exchange, head } from './support/raw.ts'
import { useRegistry } from './support/suite.ts'

const digest = sha256('a layer')
const others = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']

describe('a name with escaped slashes', () => {
  const client = useRegistry({ driver: 'inmemory' })

  it('is pushed to, under the name that it means', async () => {
    const image = packImage(['a layer'])
    const path = await startUpload(client, 'team%2Fbig%2fapp')
    expect(path).toMatch(/^\/v2\/team\/big\/app\/blobs\/uploads\//)
    await client.patch(path, { body: 'a layer' })
    const [own, query] = path.split('?')
    const escaped = own?.replace('team/big/app', 'team%2fbig/app')
    const end = `${escaped}?${query ? `${query}&` : ''}digest=${digest.replace(':', '%3A')}`
    const made = await client.put(end)
    expect([made.status, made.headers.location]).toEqual([201, `/v2/team/big/app/blobs/${digest}`])

    await pushImage(client, 'team%2Fbig%2Fapp', { reference: 'v1', layers: ['a layer'] })
    const put = await putManifest(client, 'team/big%2Fapp/manifests/v2', image)
    const location = `/v2/team/big/app/manifests/${image.digest}`
    expect([put.status, put.headers.location]).toEqual([201, location])
    expect((await client.get('/v2/_catalog')).text).toBe('{"repositories":["team/big/app"]}\n')
  })

  it.each([
    '/tags/list',
    '/manifests/v1',
    `/blobs/${digest}`,
    `/referrers/${digest}`,
    `/manifests/${packImage(['a layer']).digest}`,
  ])('is answered as the plain one is: %s', async (part) => {
    const plain = await client.get(`/v2/team/big/app${part}`)
    for (const name of ['team%2Fbig%2Fapp', 'team/big%2fapp', 'te%61m%2Fbig/%61pp']) {
      const answer = await client.get(`/v2/${name}${part.replace(':', '%3a')}`)
      const { date: _date, ...rest } = plain.headers
      expect([answer.status, answer.text]).toEqual([200, plain.text])
      expect(answer.headers).toMatchObject(rest)
    }
  })

  it('leads to further pages by its plain spelling', async () => {
    const page = await client.get('/v2/team%2Fbig%2Fapp/tags/list?n=1')
    expect(nextOf(page)).toBe('/v2/team/big/app/tags/list?last=v1&n=1')
  })
})

/** Where there is an endpoint at each of these, with the path that leads there. */
const meant: [path: string, location: string][] = [
  ['//v2/', '/v2/'],
  ['/v2//', '/v2/'],
  ['//v2', '/v2/'],
  ['///v2///?x=//y', '/v2/?x=//y'],
  ['/v2/_catalog/', '/v2/_catalog'],
  ['/v2//_catalog?n=1&last=a%2Fb', '/v2/_catalog?n=1&last=a%2Fb'],
  ['//v2/a/b/tags/list', '/v2/a/b/tags/list'],
  ['/v2//a//b/tags///list', '/v2/a/b/tags/list'],
  ['/v2/a/b/tags/list/', '/v2/a/b/tags/list'],
  ['/v2/a/b/tags/list//?n=2', '/v2/a/b/tags/list?n=2'],
  ['/v2/a//b/manifests/v1/', '/v2/a/b/manifests/v1'],
  ['/v2/a%2Fb//manifests/sha256%3Aabc', '/v2/a/b/manifests/sha256:abc'],
  ['/v2/a//manifests/%C3%A9%3F%23', '/v2/a/manifests/%C3%A9%3F%23'],
  [`/v2/a/blobs//${digest}`, `/v2/a/blobs/${digest}`],
  [`/v2/a/referrers/${digest}/?artifactType=x`, `/v2/a/referrers/${digest}?artifactType=x`],
  ['/v2/a/blobs//uploads//', '/v2/a/blobs/uploads/'],
  ['/v2/a//blobs/uploads/some-id/', '/v2/a/blobs/uploads/some-id'],
]

/** Paths that lead to no endpoint or are refused, also when their slashes are put right. */
const nowhere = [
  '//',
  '/v2//a',
  '/v2/a/',
  '/v2/a/b//',
  '/v2/a/manifests//',
  '//evil.example/v2/',
  '//evil.example//v2/a/tags/list',
  '//evil.example/v2/../../v2/',
  '/v2//%2Fevil.example/tags/list',
  '/%2F/v2/',
  '/v2/a//../b/tags/list',
  '/v2/a/./b/tags/list/',
  '/v2/a//%2e%2e/b/tags/list',
  '/v2/a%2F//b/tags/list',
  '/v2/a//b%252Fc/tags/list',
  '/v2/a//b/tags/list%2F',
  '/v2/a/b/manifests//%00',
  '/v2/a//b%5c/tags/list',
  '/v2/a//B/tags/list',
]

describe('slashes too many', () => {
  const client = useRegistry({ driver: 'inmemory' })

  it.each(meant)('of %s: a reader is sent to %s', async (path, location) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await client.send(method, path)
      expect([answer.status, answer.headers.location]).toEqual([301, location])
      expect(answer.body).toHaveLength(0)
      // The end of it, whatever is said there.
      expect((await client.send(method, location)).status).not.toBe(301)
    }
  })

  it.each(meant)('of %s lead nowhere for what is not read', async (path) => {
    for (const method of others) {
      const answer = await client.send(method, path, { body: method === 'PUT' ? '{}' : undefined })
      expect([400, 404]).toContain(answer.status)
      expect(answer.headers.location).toBeUndefined()
    }
  })

  it.each(nowhere)('of %s lead nowhere', async (path) => {
    for (const method of ['GET', 'HEAD', ...others]) {
      const answer = await client.send(method, path)
      expect([400, 404]).toContain(answer.status)
      expect(answer.headers.location).toBeUndefined()
    }
  })

  it('lead to no other host, and into no other header', async () => {
    const { port } = client.registry()
    const targets = [
      ...['/\\evil.example/v2/', '\\\\evil.example/v2/', '/v2//\\evil.example/tags/list'],
      ...['http:////evil.example/v2/', '/v2//?\r\nSet-Cookie: a=b', '/v2//#//evil.example'],
    ]
    for (const target of targets) {
      const text = await exchange(port, head(`GET ${target}`, { Connection: 'close' }))
      expect(text).not.toMatch(/^Location: *(?!\/v2\/)/im)
      expect(text.split('\r\n\r\n')[0]).not.toMatch(/^set-cookie|^Location:.*evil/im)
    }
    const whole = head('GET http://registry.example//v2//a/tags/list', { Connection: 'close' })
    expect(await exchange(port, whole)).toMatch(/^Location: \/v2\/a\/tags\/list\r$/im)
  })
})

describe('a registry below a prefix', () => {
  const rules = { host: undefined, relative: undefined, prefix: '/team/registry/' }
  const client = useRegistry({ driver: 'inmemory', rules: { locations: rules } })
  const base = '/team/registry'

  it.each(meant)('leads there from %s', async (path, location) => {
    for (const way of [base + path, `//team//registry/${path}`]) {
      const answer = await client.get(way)
      expect([answer.status, answer.headers.location]).toEqual([301, base + location])
    }
    expect((await client.get(path)).headers.location).toBeUndefined()
  })
})

describe('a registry that gives whole addresses', () => {
  const host = 'https://registry.example:8443/'
  const known = useRegistry({
    driver: 'inmemory',
    rules: { locations: { host, relative: undefined, prefix: '/' } },
  })
  const unknown = useRegistry({
    driver: 'inmemory',
    trustedProxies: ['127.0.0.0/8'],
    rules: { locations: { host: undefined, relative: false, prefix: '/' } },
  })
  const end = '/v2/a/b/tags/list?n=1'

  it('gives them to those whom it sends on, too', async () => {
    const path = '/v2//a%2Fb/tags/list/?n=1'
    expect((await known.get(path)).headers.location).toBe(`https://registry.example:8443${end}`)
    const headers = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'other.example' }
    const answer = await unknown.get(path, { headers })
    expect(answer.headers.location).toBe(`https://other.example${end}`)
  })
})
