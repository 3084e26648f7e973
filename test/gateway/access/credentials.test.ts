import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { BadCredentials, parseAuthorization } from '../../../gateway/access/credentials.ts'

const encode = (text: string | Uint8Array) => Buffer.from(text as string).toString('base64')

const good: [header: string | string[], found: object][] = [
  [`Basic ${encode('ann:secret')}`, { scheme: 'basic', name: 'ann', password: 'secret' }],
  [`bAsIc   ${encode('ann:secret')}`, { scheme: 'basic', name: 'ann', password: 'secret' }],
  [`Basic ${encode('ann:a:b')}`, { scheme: 'basic', name: 'ann', password: 'a:b' }],
  [`Basic ${encode('ann:')}`, { scheme: 'basic', name: 'ann', password: '' }],
  [`Basic ${encode('ünal:공주님')}`, { scheme: 'basic', name: 'ünal', password: '공주님' }],
  [
    `Basic ${encode('ann:secret!').replace(/=+$/, '')}`,
    { scheme: 'basic', name: 'ann', password: 'secret!' },
  ],
  [[`Basic ${encode('ann:x')}`], { scheme: 'basic', name: 'ann', password: 'x' }],
  ['BEARER a.b-c_d~/+==', { scheme: 'bearer', token: 'a.b-c_d~/+==' }],
]

const bad: [why: string, header: string | string[]][] = [
  ['an empty header', ''],
  ['a scheme alone', 'Basic'],
  ['a scheme and a space', 'Basic '],
  ['another scheme', `Digest ${encode('ann:secret')}`],
  ['the name of something every object has', `constructor ${encode('ann:secret')}`],
  ['two headers', [`Basic ${encode('ann:x')}`, `Basic ${encode('ann:x')}`]],
  ['two headers joined', `Basic ${encode('ann:x')}, Basic ${encode('bob:x')}`],
  ['no base64', 'Basic ann:secret'],
  ['base64 of the other alphabet', `Basic ${encode('ann:???>>>').replaceAll('/', '_')}`],
  ['base64 with bits left over', 'Basic YW5uOnh='],
  ['base64 cut short', 'Basic YW5uO'],
  ['too much padding', 'Basic YW5uOnh5==='],
  ['no colon', `Basic ${encode('ann')}`],
  ['no name', `Basic ${encode(':secret')}`],
  ['a line break in the name', `Basic ${encode('a\nnn:secret')}`],
  ['a zero in the password', `Basic ${encode('ann:sec\0ret')}`],
  ['a control character beyond ASCII', `Basic ${encode('ann:\u0085')}`],
  ['what is not UTF-8', `Basic ${encode(new Uint8Array([0x61, 0x3a, 0xff]))}`],
  ['a token of two words', 'Bearer a b'],
  ['a token with a quote', 'Bearer a"b'],
  ['more than 32 KiB', `Bearer ${'a'.repeat(32 * 1024)}`],
]

describe('the Authorization header', () => {
  it('may be missing', () => {
    expect(parseAuthorization(undefined)).toBeUndefined()
    expect(parseAuthorization([])).toBeUndefined()
  })

  it.each(good)('%j is understood', (header, found) => {
    expect(parseAuthorization(header)).toEqual(found)
  })

  it.each(bad)('with %s is refused', (_why, header) => {
    expect(() => parseAuthorization(header)).toThrow(BadCredentials)
  })

  it('is never repeated in a message', () => {
    for (const header of [`Basic ${encode('ann-secret')}`, 'Digest ann-secret', 'ann-secret']) {
      expect(() => parseAuthorization(header)).toThrow(/^(?!.*(?:ann|secret|YW5u)).*$/)
    }
  })

  it('gives back any name and password that it may carry', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((it) => !/\p{Cc}/u.test(it))
    const name = text.filter((it) => it !== '' && !it.includes(':'))
    fc.assert(
      fc.property(name, text, (name, password) => {
        const header = `Basic ${encode(`${name}:${password}`)}`
        expect(parseAuthorization(header)).toEqual({ scheme: 'basic', name, password })
      }),
    )
  })

  it('is understood or refused, whatever it is', () => {
    const header = fc.oneof(
      fc.string(),
      fc.string().map((it) => `Basic ${it}`),
      fc.uint8Array().map((it) => `Basic ${encode(it)}`),
    )
    fc.assert(
      fc.property(header, (header) => {
        try {
          const found = parseAuthorization(header)
          if (found?.scheme === 'basic') expect(found.name).not.toBe('')
        } catch (error) {
          expect(error).toBeInstanceOf(BadCredentials)
        }
      }),
    )
  })
})
