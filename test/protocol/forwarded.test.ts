/** A proxy that is named is believed about its client; nobody else is. */
import { describe, expect, it } from '@jest/globals'
import type { Client } from './support/client.ts'
import { expectError, useRegistry } from './support/suite.ts'

const locations = { host: undefined, relative: false, prefix: '/' }
const forwarded = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'registry.example' }

async function locationOf(client: Pick<Client, 'post'>, headers: Record<string, string>) {
  const { headers: answered } = await client.post('/v2/a/blobs/uploads/', { headers })
  return new URL(answered.location ?? '').origin
}

describe('a proxy that is trusted', () => {
  const client = useRegistry({ trustedProxies: ['127.0.0.0/8'], rules: { locations } })

  const rows: [what: string, headers: Record<string, string>, origin: string][] = [
    ['scheme and host', forwarded, 'https://registry.example'],
    ['the scheme alone', { ...forwarded, 'X-Forwarded-Host': '' }, 'https://127.0.0.1'],
    ['a port', { ...forwarded, 'X-Forwarded-Host': 'r.example:8443' }, 'https://r.example:8443'],
    [
      'IPv6',
      { ...forwarded, 'X-Forwarded-Host': '[2001:db8::1]:5000' },
      'https://[2001:db8::1]:5000',
    ],
    [
      'several, of which it added the last',
      { 'X-Forwarded-Proto': 'http, https', 'X-Forwarded-Host': 'evil.example, r.example' },
      'https://r.example',
    ],
    [
      'TLS that ends before a proxy that is plain',
      { ...forwarded, 'X-Forwarded-Proto': 'https, http' },
      'https://registry.example',
    ],
    [
      'a scheme in capitals',
      { ...forwarded, 'X-Forwarded-Proto': 'HTTPS' },
      'https://registry.example',
    ],
    [
      'no scheme that it names',
      { ...forwarded, 'X-Forwarded-Proto': 'ftp' },
      'http://registry.example',
    ],
    [
      'the host that the first of two proxies saw',
      {
        ...forwarded,
        'X-Forwarded-For': '192.0.2.7, 127.0.0.2',
        'X-Forwarded-Host': 'evil.example, r.example, inner.example',
      },
      'https://r.example',
    ],
    ['the standard header', { Forwarded: 'proto=https;host=r.example' }, 'https://r.example'],
    [
      'the standard header with quotes and capitals',
      { Forwarded: 'For="[2001:db8::7]:4711" ; Proto=HTTPS; Host="r.example:8443"' },
      'https://r.example:8443',
    ],
    [
      'the standard header of two proxies',
      { Forwarded: 'for=192.0.2.7;proto=https;host=r.example, for=127.0.0.2;proto=http' },
      'https://r.example',
    ],
    [
      'the standard header with more than the client sent',
      { Forwarded: 'for=10.9.9.9;host=evil.example, for=192.0.2.7;host=r.example;proto=https' },
      'https://r.example',
    ],
    [
      'nothing of a header that cannot be read',
      { Forwarded: 'for="192.0.2.7, proto=https;host=r.example', Host: 'own.example' },
      'http://own.example',
    ],
  ]
  it.each(rows)('is believed about %s', async (_, headers, origin) => {
    expect((await locationOf(client, headers)).replace(/^(https:\/\/127.0.0.1):\d+$/, '$1')).toBe(
      origin,
    )
  })

  const odd = ['evil b', 'evil/y', 'evil@x', 'evil"y', 'evil:999999', 'evil.example/x?', '[evil]']
  const ways: [header: string, write: (host: string) => Record<string, string>][] = [
    ['X-Forwarded-Host', (host) => ({ ...forwarded, 'X-Forwarded-Host': host })],
    ['Forwarded', (host) => ({ Forwarded: `proto=https;host="${host.replace('"', '\\"')}"` })],
  ]
  const written = ways.flatMap((way) => odd.map((host) => [...way, host] as const))
  it.each(written)('repeats in %s no host that is none', async (header, write, host) => {
    const answer = await client.post('/v2/a/blobs/uploads/', { headers: write(host) })
    expect(expectError(answer, 400, 'UNSUPPORTED')).toEqual([{ header, found: host }])
    expect(JSON.stringify(answer.headers)).not.toContain('evil')
  })
})

describe('anyone else', () => {
  const client = useRegistry({ trustedProxies: ['10.0.0.0/8'], rules: { locations } })

  it('is not believed about anything', async () => {
    expect(await locationOf(client, forwarded)).toMatch(/^http:\/\/127\.0\.0\.1:/)
  })
})
