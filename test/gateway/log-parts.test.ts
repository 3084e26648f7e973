import { describe, expect, it } from '@jest/globals'
import { goDuration } from '../../gateway/http/log-duration.ts'
import { textWithoutSecrets, withoutSecrets } from '../../gateway/http/log-redact.ts'

describe('a duration', () => {
  const rows: [ms: number, written: string][] = [
    [0, '0µs'],
    [0.125, '125µs'],
    [2.96, '2.96ms'],
    [999.9999, '999.999ms'],
    [1500, '1.5s'],
    [59_999.9999, '59.999s'],
    [61_250, '1m1.25s'],
    [3_600_000, '1h0m0s'],
    [3_723_004, '1h2m3.004s'],
  ]
  for (const [ms, written] of rows) {
    it(`of ${ms} ms is written ${written}`, () => expect(goDuration(ms)).toBe(written))
  }
})

describe('a URL in a log', () => {
  const rows: [url: string, written: string][] = [
    ['/v2/', '/v2/'],
    ['/v2/_catalog?n=10&last=a%2Fb', '/v2/_catalog?n=10&last=a%2Fb'],
    ['/v2/a/blobs/uploads/1?_state=s3cret', '/v2/a/blobs/uploads/1?_state=redacted'],
    ['/x?_state=s=3=c&digest=sha256:ab', '/x?_state=redacted&digest=sha256:ab'],
    ['/x?%5Fstate=s3cret', '/x?%5Fstate=redacted'],
    ['/token?account=ann&password=s3cret', '/token?account=ann&password=redacted'],
    ['/token?refresh_token=s3cret', '/token?refresh_token=redacted'],
    ['/x?=s3cret', '/x?=redacted'],
    ['/x?X-Amz-Signature=s3cret#n=1', '/x?X-Amz-Signature=redacted'],
    ['/x?flag&n=', '/x?flag&n='],
    ['https://ann:s3cret@host/x?n=1', 'https://host/x?n=1'],
    ['https://host/x@y', 'https://host/x@y'],
    ['https://s3cret@host/', 'https://host/'],
    ['//ann:s3cret@host/x', '//host/x'],
    ['ann:s3cret@host/x', 'host/x'],
    ['https:\\\\ann:s3cret@host', 'https:\\\\host'],
    ['/x?next=https://ann:s3cret@host/', '/x?next=redacted'],
    ['/x?from=https://ann:s3cret@host/', '/x?from=https://host/'],
    ['/x?from=ann:s3cret@host', '/x?from=redacted'],
    ['/token?scope=1?password=s3cret', '/token?scope=redacted'],
    ['/token?scope=1%3Fpassword%3Ds3cret', '/token?scope=redacted'],
    ['/token?scope=1;password=s3cret', '/token?scope=redacted'],
    ['/token?scope=1%26password%3Ds3cret', '/token?scope=redacted'],
    ['/token?scope=%2573%2533cret', '/token?scope=redacted'],
    ['/token?scope=%zz', '/token?scope=redacted'],
    ['/token?scope=repository:a/b:pull,push&n=1', '/token?scope=repository:a/b:pull,push&n=1'],
    ['/token?scope=repository%3Aa%2Fb%3Apull', '/token?scope=repository%3Aa%2Fb%3Apull'],
    ['/token?account=ann@team.example', '/token?account=ann@team.example'],
    ['/x?artifactType=application/vnd.a+json', '/x?artifactType=application/vnd.a+json'],
    ['/token?%70assword=s3cret', '/token?%70assword=redacted'],
    ['/token?SCOPE=s3cret', '/token?SCOPE=redacted'],
    ['/x?access_token=s3cret&token=s3cret', '/x?access_token=redacted&token=redacted'],
    ['/x?password:s3cret=1', '/x?redacted=redacted'],
    ['/x?eyJhbGciOiJFUzI1NiJ9.s3cret', '/x?redacted'],
    ['https://host/#access_token=s3cret', 'https://host/#access_token=redacted'],
    ['https://host/#/login?password=s3cret', 'https://host/#redacted=redacted'],
  ]
  for (const [url, written] of rows) {
    it(`${url} is ${written}`, () => expect(withoutSecrets(url)).toBe(written))
  }

  it('in the name of a client is no secret either', () => {
    const plain = 'containers/5.23.1 (github.com/containers/image; +https://host/x)'
    expect(textWithoutSecrets(plain)).toBe(plain)
    expect(textWithoutSecrets('a/1 (+https://ann:s3cret@host/?token=s3cret) b/2')).toBe(
      'a/1 (+https://host/?token=redacted b/2',
    )
  })

  it('takes no longer for being long', () => {
    const started = performance.now()
    withoutSecrets(`/x?${'a'.repeat(1_000_000)}`)
    withoutSecrets('x:'.repeat(500_000))
    withoutSecrets('//'.repeat(500_000))
    withoutSecrets(`/x?from=${':'.repeat(500_000)}`)
    textWithoutSecrets(`${'?'.repeat(500_000)} ${'//a'.repeat(200_000)}`)
    expect(performance.now() - started).toBeLessThan(500)
  })
})
