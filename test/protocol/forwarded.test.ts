/** A proxy that is named is believed about its client; nobody else is. */
import { describe, expect, it } from '@jest/globals'
import { openPolicy } from '../../policies/decision.ts'
import type { Client } from './support/client.ts'
import { loginOf } from './support/people.ts'
import { useRegistry } from './support/suite.ts'

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
  ]
  it.each(rows)('is believed about %s', async (_, headers, origin) => {
    expect((await locationOf(client, headers)).replace(/^(https:\/\/127.0.0.1):\d+$/, '$1')).toBe(
      origin,
    )
  })

  const odd = ['a b', 'x/y', 'user@x', 'x"y', 'x:999999']
  it.each(odd)('is not believed about a host that is none: %s', async (host) => {
    const headers = { ...forwarded, 'X-Forwarded-Host': host }
    expect(await locationOf(client, headers)).toMatch(/^https:\/\/127\.0\.0\.1:/)
  })
})

describe('anyone else', () => {
  const client = useRegistry({ trustedProxies: ['10.0.0.0/8'], rules: { locations } })

  it('is not believed about anything', async () => {
    expect(await locationOf(client, forwarded)).toMatch(/^http:\/\/127\.0\.0\.1:/)
  })
})

describe('the address of a client', () => {
  const seen: (string | undefined)[] = []
  const policy: typeof openPolicy = (question) => {
    seen.push(question.address)
    return openPolicy(question)
  }
  const client = useRegistry({
    trustedProxies: ['127.0.0.1', '10.0.0.0/8'],
    policy,
    login: loginOf('ann'),
  })

  const rows: [header: string, address: string][] = [
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.7, 10.1.2.3', '192.0.2.7'],
    ['198.51.100.1, 192.0.2.7, 10.1.2.3', '192.0.2.7'],
    ['2001:db8::7', '2001:db8::7'],
    ['', '127.0.0.1'],
    ['no address', '127.0.0.1'],
    ['10.1.2.3', '127.0.0.1'],
  ]
  it.each(rows)('is, for X-Forwarded-For: %s, %s', async (header, address) => {
    seen.length = 0
    await client.get('/v2/a/tags/list', { headers: { 'X-Forwarded-For': header } })
    expect(seen).toEqual([address])
  })
})
