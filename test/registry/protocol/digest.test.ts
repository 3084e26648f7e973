/** Digests: two algorithms, in lower case, of exactly their length. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  algorithmOf,
  algorithms,
  digestOf,
  hexOf,
  isDigest,
  parseAlgorithm,
  parseDigest,
} from '../../../registry/protocol/digest.ts'
import { RegistryError } from '../../../registry/protocol/errors.ts'
import { digests, thrownBy, trickyText } from './arbitrary.ts'

const hex = (length: number) => 'a'.repeat(length)

describe('a digest', () => {
  it('comes apart into algorithm and digits, and together again', () => {
    fc.assert(
      fc.property(digests, (text) => {
        const digest = parseDigest(text)
        expect(`${algorithmOf(digest)}:${hexOf(digest)}`).toBe(text)
        expect(algorithms).toContain(algorithmOf(digest))
      }),
    )
  })

  it('is what the bytes hash to', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom(...algorithms), (bytes, algorithm) => {
        const digest = digestOf(algorithm, bytes)
        expect(isDigest(digest)).toBe(true)
        expect(digest).toBe(`${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`)
      }),
    )
  })

  it('is refused in any other form, with a reason that fits an answer', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), trickyText), (text) => {
        const error = thrownBy(() => parseDigest(text))
        return error instanceof RegistryError && error.reason === 'badDigest' && !isDigest(text)
      }),
    )
  })

  const bad: [what: string, text: string][] = [
    ['nothing', ''],
    ['no digits', 'sha256:'],
    ['a digit too few', `sha256:${hex(63)}`],
    ['a digit too many', `sha256:${hex(65)}`],
    ['upper case', `sha256:${hex(63)}A`],
    ['an upper case algorithm', `SHA256:${hex(64)}`],
    ['what is no digit', `sha256:${hex(63)}g`],
    ['a line break at the end', `sha256:${hex(64)}\n`],
    ['a line before it', `x\nsha256:${hex(64)}`],
    ['the length of another algorithm', `sha512:${hex(64)}`],
    ['an algorithm we do not compute', `sha384:${hex(96)}`],
    ['a weak algorithm', `md5:${hex(32)}`],
    ['a way out of the folder', `sha256:../../${hex(58)}`],
  ]
  it.each(bad)('may not have %s', (_what, text) => {
    expect(() => parseDigest(text)).toThrow(RegistryError)
  })

  it('says in its refusal what was found, but not all of it', () => {
    const error = thrownBy(() => parseDigest('x'.repeat(10_000)))
    expect(JSON.stringify((error as RegistryError).details).length).toBeLessThan(500)
  })
})

describe('an algorithm', () => {
  it.each(algorithms)('may be %s', (name) => {
    expect(parseAlgorithm(name)).toBe(name)
  })

  it.each(['', 'SHA256', 'sha384', 'md5', 'sha256 ', 'constructor', '__proto__'])(
    'may not be %j',
    (name) => {
      expect(() => parseAlgorithm(name)).toThrow(RegistryError)
    },
  )
})
