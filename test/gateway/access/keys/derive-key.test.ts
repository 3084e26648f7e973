/** One secret and one period make one key, for all machines and all versions of kura. */
import { createPublicKey, sign, verify } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { deriveKey, scalarFrom } from '../../../../gateway/access/keys/derive-key.ts'
import { thumbprintOf } from '../../../../gateway/access/keys/key-ids.ts'

const secret = 'a secret of 32 characters or more'

/**
 * Worked out apart from this code, from RFC 5869, FIPS 186-5 and the curve's formulas. Never change
 * them: the machines of a cluster are updated one after the other, and those that make other keys
 * refuse the tokens of the rest, and sign everybody out. A new derivation needs a new number in its
 * purpose, and for a while both keys among those that verify.
 */
const vectors: [period: number, x: string, y: string, d: string, kid: string][] = [
  [
    0,
    'BUPY2VVPTkExXThmUSk9ae6o91FAdGGFxxJmOrEHlDw',
    'SjcWHQiBaNNMfTU34KUAzqZV4yCX0QDwFnqeUOkVL2g',
    'fP5U4JRW20qEULWdbAtwAwcNF--k1f4phRj1pR3A1KA',
    'IhYEgouFdqs-X5Pkm2rdZ0bQP4pEOQI2nYzjsPbEvwI',
  ],
  [
    229,
    'FvLK0jB0H4ggTUvJHTj1svhTs65I7P_IhBi8ilgQWAE',
    '3npI-PIl02UeVGGOtCUs6Gd8Zep1rrqDmgNSwnHpPJ0',
    'aiCA9EtKRXCrK2lOI1dQN88c8UEyKpcff51PQG-9nP4',
    'P7SIrsED_6JpL-VwEtbYSXqxGBn_brZDf18TdFuHTcU',
  ],
]

describe('a key made of a secret', () => {
  it.each(vectors)('is for period %i the one it always was', (period, x, y, d, kid) => {
    const key = deriveKey(secret, period)
    expect(key.export({ format: 'jwk' })).toEqual({ kty: 'EC', crv: 'P-256', x, y, d })
    expect(thumbprintOf(key)).toBe(kid)
  })

  it('is another one for another secret and for another period', () => {
    const kids = [
      deriveKey(secret, 1),
      deriveKey(secret, 2),
      deriveKey(`${secret} `, 1),
      deriveKey(secret.toUpperCase(), 1),
    ].map(thumbprintOf)
    expect(new Set(kids).size).toBe(4)
  })

  it('is a pair whose public half verifies what the other signs, whatever the secret', () => {
    const bytes = Buffer.from('signed')
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.nat(), (anySecret, period) => {
        const key = deriveKey(anySecret, period)
        const signature = sign('sha256', bytes, key)
        expect(verify('sha256', bytes, createPublicKey(key), signature)).toBe(true)
      }),
    )
  })
})

/** The order of the curve, which no private number may reach, and the largest seed. */
const n = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
const largest = 2n ** 384n - 1n

const seedOf = (number: bigint) => Buffer.from(number.toString(16).padStart(96, '0'), 'hex')
const numberOf = (bytes: Buffer) => BigInt(`0x${bytes.toString('hex')}`)

describe('the private number of a seed', () => {
  it.each([
    ['0', 0n, 1n],
    ['1', 1n, 2n],
    ['n - 2', n - 2n, n - 1n],
    ['n - 1', n - 1n, 1n],
    ['n', n, 2n],
    ['the largest', largest, (largest % (n - 1n)) + 1n],
  ])('%s is none that the curve refuses', (_, seed, scalar) => {
    const found = scalarFrom(seedOf(seed))
    expect(found).toHaveLength(32)
    expect(numberOf(found)).toBe(scalar)
  })

  it('is between 0 and n for any seed', () => {
    const seeds = fc.bigInt({ min: 0n, max: largest })
    fc.assert(
      fc.property(seeds, (seed) => {
        const number = numberOf(scalarFrom(seedOf(seed)))
        expect(number > 0n && number < n).toBe(true)
      }),
    )
  })
})
