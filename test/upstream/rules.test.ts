/** The rules of an upstream that are pure functions: names of Docker Hub, limits, realms, and `Via`. */
import { describe, expect, it } from '@jest/globals'
import { mayHaveLogin, parseRealm } from '../../upstream/access/realm.ts'
import { hostToAsk, isHub, repositoryAt } from '../../upstream/hub.ts'
import { hasComeThrough, installationName } from '../../upstream/via.ts'
import { findRateLimit, findRetryAt } from '../../upstream/wire/limits.ts'
import { nextAddress } from '../../upstream/wire/redirects.ts'

describe('Docker Hub', () => {
  it.each([
    ['docker.io', 'nginx', 'library/nginx'],
    ['index.docker.io', 'nginx', 'library/nginx'],
    ['registry-1.docker.io', 'team/app', 'team/app'],
    ['ghcr.io', 'nginx', 'nginx'],
  ])('%s %s is %s', (host, repository, expected) => {
    expect(repositoryAt(host, repository)).toBe(expected)
  })

  it('is one registry under all its names', () => {
    const names = ['docker.io', 'Index.Docker.io', 'registry-1.docker.io']
    expect(names.map(hostToAsk)).toEqual(names.map(() => 'registry-1.docker.io'))
    expect(['docker.io.example', 'mydocker.io', 'quay.io'].filter(isHub)).toEqual([])
  })
})

describe('the token server', () => {
  const [none, own, other] = ['no token server', 'gets the login', 'is asked without the login']
  const rows: [upstream: string, realm: string | undefined, outcome: string][] = [
    ['https://registry-1.docker.io', 'https://auth.docker.io/token', own],
    ['https://registry.gitlab.com', 'https://gitlab.com/jwt/auth', own],
    ['https://ghcr.io', 'https://ghcr.io/token', own],
    ['https://registry.example:5000', 'https://registry.example:8443/token', own],
    ['https://registry.example', 'https://token.partner.example/', other],
    ['https://registry.example.com', 'https://evil.com/token', other],
    ['https://a.co.uk', 'https://b.co.uk/token', other],
    ['https://ann.github.io', 'https://eve.github.io/token', other],
    ['https://10.0.0.1', 'https://10.0.0.2/token', other],
    ['https://ip-10-0-0-1.ec2.internal', 'https://ip-10-0-0-2.ec2.internal/token', other],
    ['https://registry.corp.internal', 'https://registry.corp.internal/token', own],
    ['https://registry.home.local', 'https://auth.home.local/token', other],
    ['https://registry.example', '/token', own],
    ['http://127.0.0.1:5000', 'http://127.0.0.1:5001/token', own],
    ['http://127.0.0.1:5000', 'https://auth.partner.example/token', other],
    ['https://registry.example', 'http://registry.example/token', none],
    ['http://registry.example', 'http://169.254.169.254/latest', none],
    ['http://registry.example', 'https://ann:secret@registry.example/', none],
    ['https://registry.example', 'ftp://registry.example/', none],
    ['https://registry.example', 'https://', none],
    ['https://registry.example', undefined, none],
  ]

  const outcomeOf = (upstream: URL, realm: string | undefined) => {
    try {
      return mayHaveLogin(parseRealm(realm, upstream), upstream, ['token.partner.com'])
        ? own
        : other
    } catch {
      return none
    }
  }

  it.each(rows)('of %s at %s: %s', (upstream, realm, outcome) => {
    expect(outcomeOf(new URL(upstream), realm)).toBe(outcome)
  })

  it('in another domain gets the login where the settings name it', () => {
    expect(outcomeOf(new URL('https://registry.example'), 'https://token.partner.com/')).toBe(own)
  })
})

describe('limits', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const after = (headers: Record<string, string>) => findRetryAt({ headers }, now)?.toISOString()

  it.each([
    ['120', '2026-01-01T00:02:00.000Z'],
    ['Thu, 01 Jan 2026 00:10:00 GMT', '2026-01-01T00:10:00.000Z'],
    ['Wed, 31 Dec 2025 00:00:00 GMT', '2026-01-01T00:00:00.000Z'],
    ['9999999999', '2026-01-02T00:00:00.000Z'],
    ['soon', undefined],
  ])('Retry-After: %s ends at %s', (header, expected) => {
    expect(after({ 'retry-after': header })).toBe(expected)
  })

  it('are read as Docker Hub tells them', () => {
    const headers = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' }
    const told = { limit: 100, remaining: 76, windowSeconds: 21_600, resetAt: undefined }
    expect(findRateLimit({ headers }, now)).toEqual(told)
    expect(findRateLimit({ headers: {} }, now)).toBeUndefined()
  })
})

describe('a redirect', () => {
  const from = new URL('https://registry.example/v2/a/blobs/x')
  it.each([
    ['/elsewhere', 'https://registry.example/elsewhere'],
    ['https://cdn.example/x?sig=1', 'https://cdn.example/x?sig=1'],
    ['http://cdn.example/x', undefined],
    ['file:///etc/passwd', undefined],
    ['https://ann:secret@cdn.example/', undefined],
    ['https://', undefined],
    [undefined, undefined],
  ])('from https to %s leads to %s', (location, expected) => {
    const follow = () => nextAddress(from, location, 'registry.example').href
    if (expected === undefined) expect(follow).toThrow(/^registry\.example: it redirects /)
    else expect(follow()).toBe(expected)
  })
})

describe('an installation', () => {
  const name = installationName('the secret of all its processes')

  it.each([
    [undefined, false],
    ['1.1 haproxy', false],
    [`1.1 ${name}`, true],
    [`1.1 kura-other, 1.1 haproxy,1.1 ${name} (kura)`, true],
    [`1.1 ${name}0`, false],
    [Array.from({ length: 10 }, (_, at) => `1.1 kura-${at}`).join(', '), true],
  ])('that is asked with Via: %s has asked itself: %s', (via, expected) => {
    expect(hasComeThrough(via, name)).toBe(expected)
  })
})
