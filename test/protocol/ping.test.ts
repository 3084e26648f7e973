/** GET /, /v2 and /v2/: is somebody there, and does it speak the protocol. */
import { describe, expect, it } from '@jest/globals'
import { expectError, expectSameHead, useRegistry } from './support/suite.ts'

const version = 'docker-distribution-api-version'
const client = useRegistry({
  headers: { 'X-Content-Type-Options': ['nosniff'], 'X-Two': ['a', 'b'] },
})

describe('GET /v2/', () => {
  it('says that the registry speaks the protocol', async () => {
    const answer = await client.get('/v2/')
    expect(answer.status).toBe(200)
    expect(answer.text).toBe('{}')
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '2',
      [version]: 'registry/2.0',
    })
  })

  it('is answered to HEAD as well', async () => {
    expectSameHead(await client.head('/v2/'), await client.get('/v2/'))
  })

  it('takes no heed of a query', async () => {
    expect((await client.get('/v2/?ns=docker.io')).status).toBe(200)
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('does not know %s', async (method) => {
    const answer = await client.send(method, '/v2/')
    expectError(answer, 405, 'UNSUPPORTED')
    expect(answer.headers.allow).toBe('GET, HEAD')
  })
})

describe('GET /v2', () => {
  it('leads to /v2/', async () => {
    const answer = await client.get('/v2')
    expect(answer.status).toBe(301)
    expect(answer.headers.location).toBe('/v2/')
  })
})

describe('GET /', () => {
  it('tells a load balancer that somebody is home, and nothing else', async () => {
    const answer = await client.get('/')
    expect(answer.status).toBe(200)
    expect(answer.body).toHaveLength(0)
    expect(answer.headers['cache-control']).toBe('no-cache')
    expect(answer.headers).not.toHaveProperty(version)
    expect(answer.headers).not.toHaveProperty('x-content-type-options')
    expectSameHead(await client.head('/'), answer)
  })

  it('is no place to send anything to', async () => {
    expectError(await client.post('/'), 404, 'UNSUPPORTED')
  })
})

describe('every answer of the protocol', () => {
  const paths: [path: string, status: number][] = [
    ['/v2/', 200],
    ['/v2/_catalog', 200],
    ['/v2', 301],
    ['/v2/unknown/tags/list', 404],
    ['/nowhere', 404],
    ['/v2//', 301],
    ['/v2//a', 400],
  ]
  it.each(paths)('carries the version and the configured headers: %s', async (path, status) => {
    const answer = await client.get(path)
    expect(answer.status).toBe(status)
    expect(answer.headers[version]).toBe('registry/2.0')
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
    expect(answer.headers['x-two']).toBe('a, b')
  })
})
