/** Names of repositories and tags: what the specification's grammar allows, and nothing beside it. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { RegistryError } from '../../../registry/protocol/errors.ts'
import {
  isTag,
  parseAnyRepository,
  parseRepository,
  parseTag,
} from '../../../registry/protocol/name.ts'
import { repositories, tags, thrownBy, trickyText } from './arbitrary.ts'

/** As "Pulling manifests" writes them, character for character. */
const specifiedName = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/
const specifiedTag = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

describe('a repository name', () => {
  it('is taken whenever the grammar allows it', () => {
    fc.assert(fc.property(repositories, (name) => parseRepository(name) === name))
  })

  it('is refused whenever the grammar does not allow it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), trickyText), (text) => {
        const error = thrownBy(() => parseRepository(text))
        if (specifiedName.test(text) && text.length <= 255) return error === undefined
        return error instanceof RegistryError && error.reason === 'badName'
      }),
    )
  })

  const good = ['a', '0', 'a/b', 'a.b', 'a_b', 'a__b', 'a-b', 'a---b', 'library/nginx', 'a/b/c/d/e']
  it.each(good)('may be %s', (name) => {
    expect(parseRepository(name)).toBe(name)
  })

  const bad = [
    ...['', '/', 'a/', '/a', 'a//b', 'A', 'a/B', '_a', 'a_', 'a___b', 'a..b', 'a._b', '.a', 'a.'],
    ...['-a', 'a-', 'a/-b', 'a b', 'a\n', '\na', 'a%2fb', 'a\\b', 'a:b', 'a@b', 'é', 'a/../b'],
  ]
  it.each(bad)('may not be %j', (name) => {
    expect(() => parseRepository(name)).toThrow(RegistryError)
  })

  it('has at most 255 characters', () => {
    expect(parseRepository('a'.repeat(255))).toHaveLength(255)
    expect(() => parseRepository('a'.repeat(256))).toThrow(RegistryError)
  })

  it('is decided in no time, however it is meant to be slow', () => {
    const since = performance.now()
    for (const text of [`${'a-'.repeat(127)}!`, `${'a'.repeat(254)}!`, '-'.repeat(255)]) {
      expect(() => parseRepository(text)).toThrow(RegistryError)
    }
    expect(() => parseRepository('a_'.repeat(1_000_000))).toThrow(RegistryError)
    expect(performance.now() - since).toBeLessThan(500)
  })
})

describe('a repository of an old volume', () => {
  /** As registry:2 writes it, without a port; it was tried against one. */
  const part = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
  const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
  const old = new RegExp(`^(?:${label}(?:[.]${label})*/)?${part}(?:/${part})*$`)

  it('may be called as registry:2 calls one, and as nothing else', () => {
    const pieces = fc.constantFrom('A', 'b', '0', '-', '.', '_', '/', '..', '--', 'MyOrg', 'app')
    const nearly = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(nearly, repositories, trickyText), (text) => {
        const error = thrownBy(() => parseAnyRepository(text))
        if (old.test(text) && text.length <= 255) return error === undefined
        return error instanceof RegistryError && error.reason === 'badName'
      }),
      { numRuns: 2000 },
    )
  })

  const good = ['MyOrg/app', 'A/x', 'A-B/x', 'A.B/x/y', 'Host.Example/a--b', 'a-B/x', 'a/b']
  it.each(good)('may be %s', (name) => {
    expect(parseAnyRepository(name)).toBe(name)
  })

  const bad = ['MyOrg', 'a/B', 'MyOrg/App', 'A_b/x', 'A..b/x', '-A/x', 'A-/x', 'A:1/x', '../A/x']
  it.each([...bad, `A/${'x'.repeat(254)}`, '/A/x', 'A//x', 'A/../x', 'A/.x'])(
    'may not be %.20s',
    (name) => {
      expect(() => parseAnyRepository(name)).toThrow(RegistryError)
    },
  )

  it('is decided in no time, however it is meant to be slow', () => {
    const since = performance.now()
    for (const text of [`${'A-'.repeat(127)}!`, `${'A.'.repeat(127)}!`, '-'.repeat(255)]) {
      expect(() => parseAnyRepository(text)).toThrow(RegistryError)
    }
    expect(performance.now() - since).toBeLessThan(500)
  })
})

describe('a tag', () => {
  it('is taken whenever the grammar allows it', () => {
    fc.assert(fc.property(tags, (tag) => parseTag(tag) === tag && isTag(tag)))
  })

  it('is refused whenever the grammar does not allow it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), trickyText), (text) => {
        const error = thrownBy(() => parseTag(text))
        if (specifiedTag.test(text)) return error === undefined
        return error instanceof RegistryError && error.reason === 'badTag' && !isTag(text)
      }),
    )
  })

  const bad = ['', '.', '..', '.a', '-a', 'a/b', 'a:b', 'a\n', 'a b', 'a+b', 'é', '../../x']
  it.each(bad)('may not be %j', (tag) => {
    expect(() => parseTag(tag)).toThrow(RegistryError)
  })

  it('has at most 128 characters', () => {
    expect(parseTag('x'.repeat(128))).toHaveLength(128)
    expect(() => parseTag('x'.repeat(129))).toThrow(RegistryError)
  })
})
