/** Reading paths: from their end, in their plain form only, and never into a name that is not valid. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type Method, parseTarget } from '../../../registry/protocol/endpoints.ts'
import { RegistryError } from '../../../registry/protocol/errors.ts'
import { parseAnyRepository } from '../../../registry/protocol/name.ts'
import { digests, repositories, tags, thrownBy, trickyText, uploadIds } from './arbitrary.ts'

const methods: Method[] = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE']
const anyMethod = fc.oneof(fc.constantFrom(...methods, 'OPTIONS', 'TRACE', 'constructor', ''))

describe('a path', () => {
  it('of whatever kind leads to a valid target or to an error for the client', () => {
    const path = fc.oneof(
      trickyText.map((text) => `/v2/${text}`),
      trickyText.map((text) => `/v2/a/manifests/${text}`),
      trickyText.map((text) => `/v2/${text}/blobs/uploads/`),
      trickyText.map((text) => `/v2/${text}/manifests/latest`),
      trickyText,
      fc.webPath(),
    )
    const check = (method: string, text: string) => {
      let found: ReturnType<typeof parseTarget> | undefined
      const error = thrownBy(() => {
        found = parseTarget(method, text)
      })
      if (error) return expect(error).toBeInstanceOf(RegistryError)
      const { target } = found ?? {}
      if (!target) return expect(method).toBe('OPTIONS')
      if (target.repository) parseAnyRepository(target.repository)
      else expect(['base', 'catalog']).toContain(target.kind)
      expect(target.reference).not.toMatch(/[/\\\0]|^\.{1,2}$/)
      // The next reader of the path finds the same target, and writes the path in the same way.
      const { path } = found as { path: string }
      expect(path).toMatch(/^[!-~]+$/)
      expect(path).not.toMatch(/[?#]|%2f/i)
      const again = { ...target, reference: target.reference.toWellFormed() }
      expect(parseTarget(method, path)).toEqual({ ...found, target: again })
    }
    fc.assert(fc.property(anyMethod, path, check), { numRuns: 3000 })
  })

  const endpoints: [kind: string, method: Method, tail: fc.Arbitrary<[string, string]>][] = [
    ['manifest', 'GET', tags.map((it) => [`manifests/${it}`, it])],
    ['manifest', 'PUT', digests.map((it) => [`manifests/${it}`, it])],
    ['blob', 'HEAD', digests.map((it) => [`blobs/${it}`, it])],
    ['uploads', 'POST', fc.constantFrom(['blobs/uploads/', ''], ['blobs/uploads', ''])],
    ['upload', 'PATCH', uploadIds.map((it) => [`blobs/uploads/${it}`, it])],
    ['tags', 'GET', fc.constant(['tags/list', ''])],
    ['referrers', 'GET', digests.map((it) => [`referrers/${it}`, it])],
  ]
  it.each(endpoints)('of kind %s, %s, is read from its end', (kind, method, tail) => {
    const check = (repository: string, [path, reference]: [string, string]) => {
      const { target } = parseTarget(method, `/v2/${repository}/${path}`)
      expect(target).toMatchObject({ kind, repository, reference })
    }
    fc.assert(fc.property(repositories, tail, check))
  })

  const lookalikes: [path: string, kind: string, repository: string, reference: string][] = [
    ['a/manifests/b/manifests/c', 'manifest', 'a/manifests/b', 'c'],
    ['a/manifests/manifests/manifests', 'manifest', 'a/manifests', 'manifests'],
    ['x/blobs/uploads/manifests/v1', 'manifest', 'x/blobs/uploads', 'v1'],
    ['x/blobs/uploads/tags/list', 'tags', 'x/blobs/uploads', ''],
    ['x/tags/list/tags/list', 'tags', 'x/tags/list', ''],
    ['x/tags/list/manifests/list', 'manifest', 'x/tags/list', 'list'],
    ['tags/tags/list', 'tags', 'tags', ''],
    ['v2/manifests/v2', 'manifest', 'v2', 'v2'],
    ['x/referrers/y/manifests/z', 'manifest', 'x/referrers/y', 'z'],
    ['x/manifests/sha256%3Aabc', 'manifest', 'x', 'sha256:abc'],
  ]
  it.each(lookalikes)('%s is of kind %s and repository %s', (path, kind, repository, reference) => {
    const { target } = parseTarget('GET', `/v2/${path}`)
    expect(target).toMatchObject({ kind, repository, reference })
  })

  it('to start an upload is never one of a blob', () => {
    expect(parseTarget('POST', '/v2/a/blobs/uploads/').target?.kind).toBe('uploads')
    expect(thrownBy(() => parseTarget('GET', '/v2/a/blobs/uploads'))).toMatchObject({
      reason: 'wrongMethod',
      headers: { Allow: 'POST' },
    })
  })
})

describe('an escape', () => {
  const refused = ['%5c', '%5C', '%2e', '%2E%2E', '%25', '%00', '%0a', '%7f', '%20']
  const places: ((coded: string) => string)[] = [
    (coded) => `/v2/a${coded}b/tags/list`,
    (coded) => `/v2/a/manifests/b${coded}c`,
    (coded) => `/v2${coded}a/tags/list`,
    (coded) => `/v2/a/${coded}/tags/list`,
  ]
  it.each([...refused, '%C3', '%', '%zz', '%2x', '%c0%af', '\\', '\0', ' ', '\n'])(
    '%j is refused wherever it stands',
    (coded) => {
      for (const place of places) {
        const error = thrownBy(() => parseTarget('GET', place(coded)))
        expect(error).toMatchObject({ reason: 'badPath', status: 400 })
      }
    },
  )

  const elsewhere = [
    '/v2/a/manifests/b%2Fc',
    '/v2/a/manifests/%2f',
    '/v2/a/manifests%2Fb',
    '/v2/a%2Fmanifests/b',
    '/v2/a%2Fmanifests%2Fb',
    '/v2/a/blobs/sha256:%2Fa',
    '/v2/a/blobs/uploads/x%2Fy',
    '/v2/a/blobs/uploads%2Fx',
    '/v2/a/blobs/uploads%2F',
    '/v2/a/blobs%2Fuploads/x',
    '/v2/a/tags%2Flist',
    '/v2/a/tags/list%2F',
    '/v2/a/referrers/x%2Fy',
    '/v2%2F',
    '/v2%2F_catalog',
    '/v2%2Fa/tags/list',
    '%2Fv2/a/tags/list',
    '/v2/a%2F..%2Fb/tags/list',
    '/v2/..%2Fb/tags/list',
    '/v2/a%2F./tags/list',
    '/v2/a%252Fb/tags/list',
    '/v2/a%25252Fb/tags/list',
    '/v2/a%5C%2Fb/tags/list',
    '/v2/a%2F%00/tags/list',
    '/v2/a%2/tags/list',
    '/v2/a%c0%af/tags/list',
    '/v2/a%e0%80%af/tags/list',
    '/v2/a%u002fb/tags/list',
  ]
  it.each(elsewhere)('for a slash is refused beside the plain ones of a name: %s', (path) => {
    for (const method of [...methods, 'OPTIONS']) {
      const error = thrownBy(() => parseTarget(method, path))
      expect(error).toMatchObject({ reason: 'badPath', status: 400 })
    }
  })

  it.each(['%2Fa', 'a%2F', 'a%2F%2Fb', 'a%2F/b', 'a/%2Fb', 'a%2FB', 'A%2FB/c', 'a%EF%BC%8Fb'])(
    'for a slash makes no name of what is none: %s',
    (name) => {
      const error = thrownBy(() => parseTarget('GET', `/v2/${name}/tags/list`))
      expect(error).toMatchObject({ reason: 'badName', status: 400 })
    },
  )

  it('for a slash means one in a name, and leaves no trace in the path', () => {
    const tail: fc.Arbitrary<[rest: string, reference: string]> = fc.oneof(
      fc.tuple(fc.constant('manifests/'), fc.oneof(tags, digests)),
      fc.tuple(fc.constantFrom('blobs/', 'referrers/'), digests),
      fc.tuple(fc.constant('blobs/uploads/'), uploadIds),
      fc.tuple(fc.constantFrom('tags/list', 'blobs/uploads/'), fc.constant('')),
    )
    const slashes = fc.infiniteStream(fc.constantFrom('/', '%2F', '%2f'))
    const check = (name: string, [rest, reference]: [string, string], some: Iterator<string>) => {
      const twisted = name.replaceAll('/', () => some.next().value)
      const plain = `/v2/${name}/${rest}${reference}`
      for (const method of methods) {
        const read = (path: string) => {
          let found: unknown
          const error = thrownBy(() => {
            found = parseTarget(method, path)
          })
          return { found, reason: (error as RegistryError | undefined)?.reason }
        }
        const spelled = read(`/v2/${twisted}/${rest}${reference.replace(':', '%3a')}`)
        expect(spelled).toEqual(read(plain))
        if (spelled.found) expect(spelled.found).toMatchObject({ path: plain })
      }
    }
    fc.assert(fc.property(repositories, tail, slashes, check))
  })

  it('for an ordinary character means that character', () => {
    fc.assert(
      fc.property(digests, (digest) => {
        const escaped = digest.replace(':', '%3a').replace('a', '%61')
        const { target } = parseTarget('GET', `/v2/%61/blobs/${escaped}`)
        expect(target).toMatchObject({ repository: 'a', reference: digest })
      }),
    )
  })
})

it.each(['//', '/v2//', '/v2//a/tags/list', '/v2/./a', '/v2/../v2/', '/v2/a/..', '/.', '/v2/a/.'])(
  'the path %s is not in its plain form',
  (path) => {
    expect(thrownBy(() => parseTarget('GET', path))).toMatchObject({ reason: 'badPath' })
  },
)

it.each(['', '/', '/v1/', '/v2', '/v2/a', '/v2/_oci/ext/discover', '/v2/a/tags', '/v2/tags/list'])(
  'the path %j is no endpoint',
  (path) => {
    expect(thrownBy(() => parseTarget('GET', path))).toMatchObject({ reason: 'noSuchEndpoint' })
  },
)

it.each(['A', '_a', 'a/_uploads', 'a--', 'a/B', 'a'.repeat(256)])(
  'the name %s is refused in a path',
  (name) => {
    const error = thrownBy(() => parseTarget('GET', `/v2/${name}/tags/list`))
    expect(error).toMatchObject({ reason: 'badName', status: 400 })
  },
)
