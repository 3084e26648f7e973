import { describe, expect, it } from '@jest/globals'
import { goDuration } from '../../gateway/http/log-duration.ts'
import { withoutSecrets } from '../../gateway/http/log-redact.ts'

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
  ]
  for (const [url, written] of rows) {
    it(`${url} is ${written}`, () => expect(withoutSecrets(url)).toBe(written))
  }

  it('takes no longer for being long', () => {
    const started = performance.now()
    withoutSecrets(`/x?${'a'.repeat(1_000_000)}`)
    withoutSecrets('x:'.repeat(500_000))
    expect(performance.now() - started).toBeLessThan(500)
  })
})
