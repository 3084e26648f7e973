import { describe, expect, it } from '@jest/globals'
import { createChallenge } from '../../../gateway/access/challenge.ts'
import { parseTarget } from '../../../registry/protocol/endpoints.ts'

const base = 'https://registry.example'
const bearer = createChallenge({ scheme: 'bearer', realm: 'https://a/token', service: 'svc' })
const target = (request: string) => {
  const [method = '', path = ''] = request.split(' ')
  return parseTarget(method, path).target
}

const start = 'Bearer realm="https://a/token",service="svc"'

describe('the challenge for a token', () => {
  it.each([
    ['GET /v2/', start],
    ['GET /v2/_catalog', `${start},scope="registry:catalog:*"`],
    ['GET /v2/foo/bar/manifests/v1', `${start},scope="repository:foo/bar:pull"`],
    ['HEAD /v2/foo/bar/manifests/v1', `${start},scope="repository:foo/bar:pull"`],
    ['PUT /v2/foo/bar/manifests/v1', `${start},scope="repository:foo/bar:pull,push"`],
    ['DELETE /v2/foo/bar/manifests/v1', `${start},scope="repository:foo/bar:delete"`],
    ['POST /v2/foo/bar/blobs/uploads/', `${start},scope="repository:foo/bar:pull,push"`],
    ['PATCH /v2/foo/bar/blobs/uploads/a1', `${start},scope="repository:foo/bar:pull,push"`],
    ['GET /v2/foo/tags/list', `${start},scope="repository:foo:pull"`],
  ])('of %s is %s', (request, expected) => {
    expect(bearer({ target: target(request), base })).toBe(expected)
  })

  it.each([
    ['src/x', `${start},scope="repository:foo/bar:pull,push repository:src/x:pull"`],
    ['foo/bar', `${start},scope="repository:foo/bar:pull,push"`],
    ['a:push repository:b', `${start},scope="repository:foo/bar:pull,push"`],
    ['a",error="x', `${start},scope="repository:foo/bar:pull,push"`],
    ['', `${start},scope="repository:foo/bar:pull,push"`],
  ])('of a mount from %p is %s', (mountFrom, expected) => {
    const upload = target('POST /v2/foo/bar/blobs/uploads/')
    expect(bearer({ target: upload, mountFrom, base })).toBe(expected)
  })

  it('speaks of a source only where something is pushed', () => {
    const request = { target: target('GET /v2/foo/tags/list'), mountFrom: 'src/x', base }
    expect(bearer(request)).toBe(`${start},scope="repository:foo:pull"`)
  })

  it.each(['invalid_token', 'insufficient_scope'] as const)('ends with the error %s', (error) => {
    const request = { target: target('GET /v2/foo/bar/manifests/v1'), error, base }
    expect(bearer(request)).toBe(`${start},scope="repository:foo/bar:pull",error="${error}"`)
    expect(bearer({ target: target('GET /v2/'), error, base })).toBe(`${start},error="${error}"`)
  })

  it('names no scope where there is no such endpoint', () => {
    expect(bearer({ base })).toBe(start)
  })

  it.each(['https://registry.example', 'https://registry.example/'])(
    'leads to a path at the address %s',
    (own) => {
      const local = createChallenge({ scheme: 'bearer', realm: '/v2/token', service: 'svc' })
      const expected = 'Bearer realm="https://registry.example/v2/token",service="svc"'
      expect(local({ base: own })).toBe(expected)
    },
  )
})

describe('the challenge for a password', () => {
  const basic = createChallenge({ scheme: 'basic', realm: 'the registry' })

  it.each(['GET /v2/', 'PUT /v2/foo/manifests/v1'])('of %s is the realm alone', (request) => {
    const found = basic({ target: target(request), error: 'invalid_token', base })
    expect(found).toBe('Basic realm="the registry"')
  })

  it.each([
    ['a "b"', '"a \\"b\\""'],
    ['a\\', '"a\\\\"'],
    ['a\r\nSet-Cookie: b', '"aSet-Cookie: b"'],
    ['蔵 kura', '" kura"'],
  ])('keeps a realm %p within its quotes', (realm, expected) => {
    expect(createChallenge({ scheme: 'basic', realm })({ base })).toBe(`Basic realm=${expected}`)
  })
})
