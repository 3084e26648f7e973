/** Which address a client has that comes by way of a trusted proxy, and what rules make of it. */
import { describe, expect, it } from '@jest/globals'
import { openPolicy } from '../../policies/engine/decision.ts'
import { buildPolicy } from '../../policies/engine/load.ts'
import { loginOf } from './support/people.ts'
import { useRegistry } from './support/suite.ts'

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

  const seenWith = async (headers: Record<string, string>) => {
    seen.length = 0
    await client.get('/v2/a/tags/list', { headers })
    return seen
  }

  const rows: [header: string, address: string][] = [
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.7, 10.1.2.3', '192.0.2.7'],
    ['198.51.100.1, 192.0.2.7, 10.1.2.3', '192.0.2.7'],
    ['2001:db8::7', '2001:db8::7'],
    ['', '127.0.0.1'],
    // A port is no part of an address.
    ['10.66.1.1:4711', '10.66.1.1'],
    ['192.0.2.7:4711, 10.1.2.3:80', '192.0.2.7'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['"[2001:db8::1]:443"', '2001:db8::1'],
    ['"192.0.2.7"', '192.0.2.7'],
    // An address is one, however it is spelt.
    ['::ffff:c000:0207', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['0:0:0:0:0:FFFF:192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0:0:0:0:0:7', '2001:db8::7'],
    ['192.0.2.7, ::ffff:0a42:0101', '192.0.2.7'],
    // The first proxy of those that are trusted may ask by itself.
    ['10.1.2.3', '10.1.2.3'],
    ['10.66.1.1, 10.1.2.3', '10.66.1.1'],
    // Text that is no address is nobody's, least of all the proxy's, and none further left is taken instead.
    ['no address', 'unknown'],
    ['unknown', 'unknown'],
    ['_hidden', 'unknown'],
    ['192.0.2.7,', 'unknown'],
    ['192.0.2.7, ', 'unknown'],
    ['192.0.2.7, unknown', 'unknown'],
    ['192.0.2.7, unknown, 10.1.2.3', 'unknown'],
    ['unknown, 192.0.2.7', '192.0.2.7'],
    ['unix:', 'unknown'],
    ['192.0.2.777', 'unknown'],
    ['192.0.2', 'unknown'],
    ['3221225991', 'unknown'],
    ['0300.0.2.7', 'unknown'],
    ['192.0.2.7/32', 'unknown'],
    ['192.0.2.7:', 'unknown'],
    ['[192.0.2.7', 'unknown'],
    ['2001:db8::7:', 'unknown'],
    ['2001:db8:::7', 'unknown'],
    ['192.0.2.7 10.1.2.3', 'unknown'],
    ['192.0.2.7; 10.1.2.3', 'unknown'],
  ]
  it.each(rows)('is, for X-Forwarded-For: %s, %s', async (header, address) => {
    expect(await seenWith({ 'X-Forwarded-For': header })).toEqual([address])
  })

  const standard: [header: string, address: string][] = [
    ['for=192.0.2.7', '192.0.2.7'],
    ['For="192.0.2.7:4711"', '192.0.2.7'],
    ['for="192.0.2.7:_port"', '192.0.2.7'],
    ['for="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['for="[2001:DB8:cafe::17]"', '2001:db8:cafe::17'],
    ['for="\\[\\:\\:1\\]"', '::1'],
    ['for=192.0.2.7;proto=http;by=203.0.113.43', '192.0.2.7'],
    ['for=198.51.100.1, for=192.0.2.7;by="a, b", for=10.1.2.3', '192.0.2.7'],
    ['proto=https;host=r.example', '127.0.0.1'],
    ['for=unknown', 'unknown'],
    ['for="_gazonk"', 'unknown'],
    ['for=_hidden, for=192.0.2.7', '192.0.2.7'],
    ['for=192.0.2.7, proto=https', 'unknown'],
    ['for=192.0.2.7,', 'unknown'],
    ['for=192.0.2.7;for=10.66.1.1', 'unknown'],
    ['for=192.0.2.7 for=10.66.1.1', 'unknown'],
    ['for = 192.0.2.7', 'unknown'],
    ['for=[2001:db8::1]', 'unknown'],
    ['for="10.66.1.1, for=192.0.2.7', 'unknown'],
    ['for=10.66.1.1;x=", for="[2001:db8::1]"', 'unknown'],
  ]
  it.each(standard)('is, for Forwarded: %s, %s', async (header, address) => {
    expect(await seenWith({ Forwarded: header })).toEqual([address])
  })

  const several: [what: string, headers: Record<string, string>, address: string][] = [
    ['one header for one address', { 'X-Real-IP': '192.0.2.7' }, '192.0.2.7'],
    ['such a header with a port', { 'X-Real-IP': '192.0.2.7:80' }, '192.0.2.7'],
    ['such a header that says nothing', { 'X-Real-IP': 'unix:' }, 'unknown'],
    [
      'two headers that say the same',
      { 'X-Forwarded-For': '198.51.100.1, 192.0.2.7', 'X-Real-IP': '::ffff:192.0.2.7' },
      '192.0.2.7',
    ],
    [
      'the headers of two proxies, of which one saw only the other',
      { 'X-Forwarded-For': '192.0.2.7, 10.1.2.3', 'X-Real-IP': '10.1.2.3' },
      '192.0.2.7',
    ],
    [
      "two headers at odds, of which one may be the client's own",
      { 'X-Forwarded-For': '192.0.2.7', Forwarded: 'for=198.51.100.1' },
      'unknown',
    ],
    [
      'another two at odds',
      { 'X-Forwarded-For': '198.51.100.1', 'X-Real-IP': '192.0.2.7' },
      'unknown',
    ],
  ]
  it.each(several)('is found in %s', async (_, headers, address) => {
    expect(await seenWith(headers)).toEqual([address])
  })
})

describe('rules about addresses, for a client whose address is unknown', () => {
  const policyOf = (...rules: string[]) =>
    buildPolicy([{ file: 'test.yaml', text: `rules:\n${rules.join('\n')}` }]).policy
  const all = 'who: ["*"], repositories: ["**"], actions: [pull]'
  const options = { trustedProxies: ['127.0.0.1'], driver: 'inmemory' as const, login: loginOf() }
  const allowing = useRegistry({
    ...options,
    policy: policyOf(`- { name: the proxies, ${all}, from: [127.0.0.0/8] }`),
  })
  const denying = useRegistry({
    ...options,
    policy: policyOf(
      `- { name: all, ${all} }`,
      `- { name: not the guests, effect: deny, ${all}, from: [10.66.0.0/16] }`,
    ),
  })

  const unreadable = ['unknown', '_hidden', '192.0.2.7,', '10.66.1.1:4711, x']
  it.each(unreadable)('deny it and do not allow it: %s', async (header) => {
    for (const client of [allowing, denying]) {
      const headers = { 'X-Forwarded-For': header }
      expect((await client.get('/v2/a/tags/list', { headers })).status).toBe(401)
    }
  })

  it('find it once a port is all that was too much', async () => {
    const headers = { 'X-Forwarded-For': '10.66.1.1:4711' }
    expect((await denying.get('/v2/a/tags/list', { headers })).status).toBe(401)
    const others = { 'X-Forwarded-For': '10.67.1.1:4711' }
    expect((await denying.get('/v2/a/tags/list', { headers: others })).status).toBe(404)
  })
})
