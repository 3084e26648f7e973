import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { findHost, formatHost } from '../../../gateway/guard/host.ts'

describe('a host', () => {
  const long = `${'a'.repeat(63)}.`.repeat(4)
  it.each([
    ['registry.example', 'registry.example'],
    ['Registry.Example.:443', 'Registry.Example.:443'],
    ['localhost:5000', 'localhost:5000'],
    ['kura_worker-1:1', 'kura_worker-1:1'],
    ['xn--bcher-kva.example:65535', 'xn--bcher-kva.example:65535'],
    ['1password.example', '1password.example'],
    ['10.0.0.1:80', '10.0.0.1:80'],
    ['[::1]', '[::1]'],
    ['[2001:DB8::1]:5000', '[2001:DB8::1]:5000'],
    ['[::ffff:10.0.0.1]:80', '[::ffff:10.0.0.1]:80'],
    ['a:', 'a'],
    ['a:00080', 'a:80'],
    [long.slice(0, 253), long.slice(0, 253)],
  ])('is found in %s', (text, host) => {
    const found = findHost(text)
    expect(found && formatHost(found)).toBe(host)
  })

  it.each([
    ...['', ' ', '.', '-', ':', ':80', 'a b', ' a', 'a\t', 'a\n', 'a\r\nb', 'a\0', 'a\x7f'],
    ...['evil.example/x?', 'evil.example/', 'a?', 'a#', 'a\\', 'a;b', 'a,b', 'a, b', 'a"', "a'"],
    ...[
      'user@a',
      'user:word@a',
      '@a',
      'a@',
      'http://a',
      '//a',
      'a%2eb',
      'a%00',
      'a<b',
      'a|b',
      '*.a',
    ],
    ...[
      'a..b',
      '.a',
      '-a',
      'a-',
      'a-.b',
      'a~',
      'bücher.example',
      'a\u3002b',
      'a\u2028',
      '[a',
      'a]',
    ],
    ...['a:0', 'a:65536', 'a:99999', 'a:123456', 'a:-1', 'a:+1', 'a:1e3', 'a:0x50', 'a:http'],
    ...[
      'a:80:90',
      'a: 80',
      'a:８０',
      '[]',
      '[::zz]',
      '[::1',
      '::1',
      '::1]:80',
      '[::1]80',
      '[[::1]]',
    ],
    ...['[fe80::1%eth0]', '[fe80::1%25eth0]', '[v1.a]', '[1.2.3.4]', '[::1].a', '[::1]:'.repeat(2)],
    ...[
      '2130706433',
      '127.1',
      '127.0.0.1.',
      '0x7f.1',
      '0x7f000001',
      '256.1.1.1',
      '010.0.0.1',
      'a.1',
    ],
    ...[`${'a'.repeat(64)}.example`, `${long.slice(0, 253)}b`, 'a.'.repeat(130)],
  ])('is none in %j', (text) => {
    expect(findHost(text)).toBeUndefined()
  })

  it('leads, in a URL, to where it says and nowhere else', () => {
    const unit = fc.constantFrom(...'aA01xX_-.:/@\\[]%#?;, \t\r\n\0\x7f\xffé')
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        const found = findHost(text)
        if (!found) return
        const url = new URL(`http://${formatHost(found)}/v2/?x`)
        expect(url.hostname).toBe(found.name.toLowerCase())
        expect(url.port).toBe(found.port === 80 ? '' : `${found.port ?? ''}`)
        expect([url.username, url.pathname, url.search]).toEqual(['', '/v2/', '?x'])
      }),
      { numRuns: 5_000 },
    )
  })
})
