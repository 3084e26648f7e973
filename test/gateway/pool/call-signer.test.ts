/** A signed call for a worker holds for one method, one target and a short time, and as it stands. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createCallSigner, type SignedCall } from '../../../gateway/pool/call-signer.ts'

const now = Date.UTC(2026, 10, 21)
const at = (time: number) => createCallSigner('the secret of all', () => time)
const { sign, verify } = at(now)
const asked = { method: 'PUT', url: '/v2/a/manifests/latest?x=1' }
const call: SignedCall = {
  requestId: 'a-b-c',
  origin: 'https://registry.example:5000',
  address: '192.0.2.1',
  readsBlobs: true,
  identity: {
    name: 'user:anna',
    groups: ['group:dev'],
    method: 'token',
    bound: [{ type: 'repository', name: 'a', actions: ['pull', 'push'] }],
    expiredAt: now - 1,
  },
}
const stranger = { ...call, identity: { name: undefined, groups: [], method: 'none' } }
const header = sign(asked, call)
const seconds = (count: number) => now + count * 1000

const text = fc.string({ unit: 'binary' })
const anyCall = fc.record({
  requestId: text,
  origin: text,
  address: text,
  readsBlobs: fc.boolean(),
  identity: fc.record({
    name: fc.option(text, { nil: undefined }),
    groups: fc.array(text),
    method: text,
  }),
})

describe('a signed call', () => {
  it.each([call, stranger])('comes out as it went in', (it) => {
    expect(verify(sign(asked, it), asked)).toEqual(it)
  })

  it('may say anything', () => {
    fc.assert(
      fc.property(anyCall, fc.record({ method: text, url: text }), (it, request) => {
        expect(verify(sign(request, it), request)).toEqual(it)
      }),
    )
  })

  it('is one header, whatever it says', () => {
    fc.assert(
      fc.property(anyCall, (it) => void expect(sign(asked, it)).toMatch(/^[\w-]+\.[\w-]+$/)),
    )
  })

  it.each([
    ['another method', { ...asked, method: 'DELETE' }],
    ['the same method in other letters', { ...asked, method: 'put' }],
    ['another path', { ...asked, url: '/v2/b/manifests/latest?x=1' }],
    ['the same path written in another way', { ...asked, url: '/v2/a/manifests/l%61test?x=1' }],
    ['another query', { ...asked, url: '/v2/a/manifests/latest?x=2' }],
    ['no query', { ...asked, url: '/v2/a/manifests/latest' }],
  ])('does not hold for %s', (_, other) => {
    expect(verify(header, asked)).toEqual(call)
    expect(verify(header, other)).toBeUndefined()
  })

  it.each([
    [-61, false],
    [-59, true],
    [0, true],
    [119, true],
    [121, false],
  ])('by a clock %i seconds later: %p', (late, holds) => {
    expect(at(seconds(late)).verify(header, asked) !== undefined).toBe(holds)
  })

  it('does not hold where the secret is another', () => {
    for (const secret of ['', 'the secret of al', 'the secret of all ']) {
      expect(createCallSigner(secret, () => now).verify(header, asked)).toBeUndefined()
    }
  })
})

describe('what nobody signed', () => {
  it.each([
    ['nothing', undefined],
    ['an empty header', ''],
    ['dots', '..'],
    ['one dot', '.'],
    ['no signature', header.slice(0, header.indexOf('.') + 1)],
    ['a signature alone', header.slice(header.indexOf('.'))],
    ['a part too many', `${header}.`],
    ['a part before it', `.${header}`],
    ['two of them', `${header}, ${header}`],
    ['spaces around it', ` ${header} `],
    ['padding', `${header}=`],
    ['a huge header', 'a'.repeat(1_000_000)],
    ['many dots', '.'.repeat(1_000_000)],
    ['JSON as it is', JSON.stringify({ until: now, ...asked, call })],
  ])('%s is refused', (_, forged) => {
    expect(verify(forged, asked)).toBeUndefined()
  })

  it('is a header in which any one character is another', () => {
    const other = fc.string({ unit: 'binary-ascii', minLength: 0, maxLength: 2 })
    fc.assert(
      fc.property(fc.nat(header.length - 1), other, (index, by) => {
        fc.pre(by !== header[index])
        const forged = header.slice(0, index) + by + header.slice(index + 1)
        expect(verify(forged, asked)).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })

  it('is each other way to write the same signature', () => {
    const last = header.at(-1) ?? ''
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= \n'
    const accepted = [...alphabet].filter((it) => verify(header.slice(0, -1) + it, asked))
    expect(accepted).toEqual([last])
  })

  it('is any text at all', () => {
    fc.assert(fc.property(text, text, (a, b) => verify(`${a}.${b}`, asked) === undefined))
  })

  it('is the signed part of one call with the signature of another', () => {
    const [payload] = sign(asked, stranger).split('.')
    const [, signature] = header.split('.')
    expect(verify(`${payload}.${signature}`, asked)).toBeUndefined()
  })
})
