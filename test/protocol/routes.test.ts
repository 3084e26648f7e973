/** Which paths there are, which methods they know, and how all the others are turned away. */
import { describe, expect, it } from '@jest/globals'
import { sha256 } from './support/content.ts'
import { exchange, head } from './support/raw.ts'
import { expectError, useRegistry } from './support/suite.ts'

const client = useRegistry({ driver: 'inmemory' })
const digest = sha256('x')

const endpoints: [path: string, allow: string][] = [
  ['/v2/', 'GET, HEAD'],
  ['/v2/_catalog', 'GET'],
  ['/v2/team/app/tags/list', 'GET'],
  ['/v2/team/app/manifests/v1', 'DELETE, GET, HEAD, PUT'],
  [`/v2/team/app/manifests/${digest}`, 'DELETE, GET, HEAD, PUT'],
  [`/v2/team/app/blobs/${digest}`, 'DELETE, GET, HEAD'],
  ['/v2/team/app/blobs/uploads/', 'POST'],
  ['/v2/team/app/blobs/uploads', 'POST'],
  ['/v2/team/app/blobs/uploads/some-id', 'DELETE, GET, HEAD, PATCH, PUT'],
  [`/v2/team/app/referrers/${digest}`, 'GET'],
]
const methods = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'TRACE', 'PURGE']

describe.each(endpoints)('%s', (path, allow) => {
  it('names its methods to OPTIONS', async () => {
    const answer = await client.send('OPTIONS', path)
    expect(answer.status).toBe(200)
    expect(answer.headers.allow).toBe(allow)
    expect(answer.body).toHaveLength(0)
  })

  const others = methods.filter((method) => !allow.split(', ').includes(method))
  it.each(others)('refuses %s and says what it allows', async (method) => {
    const answer = await client.send(method, path)
    expect(answer.status).toBe(405)
    expect(answer.headers.allow).toBe(allow)
    if (method !== 'HEAD') expectError(answer, 405, 'UNSUPPORTED')
  })
})

const nowhere = [
  ...['/v1/', '/v1/_ping', '/v2/a', '/v2/a/', '/v2/a/b/c', '/v2/a/tags', '/v2/a/b/'],
  ...[
    '/v2/tags/list',
    '/v2/manifests/latest',
    '/v2/a/manifests/',
    '/v2/a/blobs/',
    '/v3/',
    '/index',
  ],
  ...['/v2/_catalogs/', '/v2/_oci/ext/discover', '/v2/a/referrers/', '/v2/a/blobs/uploads/x/y'],
]
it.each(nowhere)('there is nothing at %s', async (path) => {
  expectError(await client.get(path), 404, 'UNSUPPORTED')
})

const badNames = ['Upper', 'a/_uploads', '_a', 'a--', 'a..b', 'a/B', '-a', 'a'.repeat(256)]
it.each(badNames)('a repository cannot be called %s', async (name) => {
  expectError(await client.get(`/v2/${name}/tags/list`), 400, 'NAME_INVALID')
  expectError(await client.post(`/v2/${name}/blobs/uploads/`), 400, 'NAME_INVALID')
})

const twisted = [
  ...[
    '//',
    '/v2//a',
    '/v2/./',
    '/v2/../v2/',
    '/v2/a/../b/tags/list',
    '/v2/a/./tags/list',
    '/v2/a/..',
  ],
  ...['/v2/a/tags%2flist', '/v2%2Fa/tags/list', '/v2/%2e%2e/v2/', '/v2/a/%2E./tags/list'],
  ...[
    '/v2/a\\b/tags/list',
    '/v2/a%5cb/tags/list',
    '/v2/a/manifests/x%00',
    '/v2/a/manifests/x%0d%0a',
  ],
  ...['/v2/a/manifests/%', '/v2/a/manifests/%zz', '/v2/a/manifests/%ff', '/v2/a%252fb/tags/list'],
]
it.each(twisted)('%j is no plain path and is refused', async (path) => {
  expectError(await client.get(path), 400, 'UNSUPPORTED')
})

it('an escaped colon in a digest means a colon', async () => {
  const path = `/v2/a/blobs/${digest.replace(':', '%3A')}`
  expectError(await client.get(path), 404, 'BLOB_UNKNOWN')
})

describe('on the bare connection', () => {
  const close = { Connection: 'close' }

  it('a target with its host is read as its path', async () => {
    const text = await exchange(
      client.registry().port,
      head('GET http://registry.example/v2/', close),
    )
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('a backslash is never a slash, whatever else stands in the target', async () => {
    for (const target of ['/v2/a\\b/tags/list', '/v2/a\\b/tags/list#x', '/v2/#', '/v2/a\\b?\xa0']) {
      const text = await exchange(client.registry().port, head(`GET ${target}`, close))
      expect(text).toMatch(/^HTTP\/1\.1 400 /)
    }
  })

  it('OPTIONS of the server as a whole is no endpoint', async () => {
    const text = await exchange(client.registry().port, head('OPTIONS *', close))
    expect(text).toMatch(/^HTTP\/1\.1 404 /)
  })
})
