/** A request at a worker: the target as it was signed, and the headers that are listed. */
import { describe, expect, it } from '@jest/globals'
import { createCallSigner } from '../../../gateway/pool/call-signer.ts'
import { exchange, head } from '../../protocol/support/raw.ts'
import { poolSecret } from '../../support/pool.ts'
import { usePool } from './support/pool.ts'
import { echo } from './support/workers.ts'

const startPool = usePool()
const signer = createCallSigner(poolSecret)
const close = { Connection: 'close' }

/** The answers to requests that are written as they are. */
async function ask(text: string, options = {}) {
  const { gateway, requests } = await startPool([echo, echo], options)
  const heard = await exchange(gateway.port, text)
  return { heard, requests: requests(), failures: gateway.failures }
}

const hidden =
  'PUT /v2/secret/manifests/latest HTTP/1.1\r\nHost: worker\r\nContent-Length: 0\r\n\r\n'
const inChunks = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`

describe('a body where none has a meaning', () => {
  it.each(['GET', 'HEAD', 'DELETE', 'OPTIONS'])('of %s reaches no worker', async (method) => {
    const line = `${method} /v2/a/blobs/uploads/x`
    for (const text of [
      head(line, { 'Transfer-Encoding': 'chunked' }) + inChunks,
      head(line, { 'Content-Length': hidden.length }) + hidden,
    ]) {
      const { heard, requests } = await ask(text)
      expect(heard).toMatch(/^HTTP\/1\.1 400 /)
      expect(heard.match(/HTTP\/1\.1 /g)).toHaveLength(1)
      expect(requests).toEqual([])
    }
  })

  it('cannot be smuggled as one of PUT: it stays a body', async () => {
    const line = 'PUT /v2/a/manifests/latest'
    const { heard, requests } = await ask(
      head(line, { 'Transfer-Encoding': 'chunked', ...close }) + inChunks,
    )
    expect(heard).toMatch(/^HTTP\/1\.1 200 /)
    expect(heard).toContain(hidden)
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([line])
  })
})

describe('a client that expects 100 Continue', () => {
  it('is told to go on, and what it forges arrives no more than from others', async () => {
    const { heard, requests } = await ask(
      `${head('PUT /v2/a/manifests/latest', {
        Expect: '100-continue',
        'Kura-Identity': 'forged',
        'kura-identity': 'forged.too',
        'Content-Length': 3,
        ...close,
      })}abc`,
    )
    expect(heard).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 .*\r\n\r\nabc$/s)
    const { headers, method = '', url = '' } = requests[0] ?? {}
    expect(headers?.expect).toBe('100-continue')
    expect(signer.verify(String(headers?.['kura-identity']), { method, url })).toBeDefined()
  })
})

describe('the headers of a client', () => {
  const listed = {
    accept: 'a/b, c/d',
    'content-range': '0-2',
    'content-type': 'text/plain',
    'if-match': '"a"',
    'if-none-match': '"b"',
    'if-range': '"c"',
    range: 'bytes=0-1',
    'user-agent': 'docker/29',
  }
  const unlisted = {
    Authorization: 'Basic YWxhZGRpbjpvcGVuc2VzYW1l',
    'Proxy-Authorization': 'Basic YTpi',
    Cookie: 'session=1',
    Forwarded: 'for=1.2.3.4',
    'X-Forwarded-For': '1.2.3.4',
    'X-Forwarded-Host': 'evil',
    'X-Forwarded-Proto': 'https',
    'X-Real-IP': '1.2.3.4',
    'Kura-Identity': 'forged',
    'Kura-Blob': 'sha256:0 0 0',
    'Kura-Leaving': 'yes',
    'Kura-Unsigned': 'yes',
    TE: 'trailers',
    Trailer: 'X-End',
    Upgrade: 'websocket',
    'X-Anything': 'else',
  }

  it('reach a worker where they are listed, and nowhere else', async () => {
    const line = 'PUT /v2/a/manifests/latest'
    const all = { ...listed, ...unlisted, 'Content-Length': 3, Connection: 'close, X-Anything' }
    const { requests } = await ask(`${head(line, all)}abc`)
    const { 'kura-identity': identity, ...seen } = requests[0]?.headers ?? {}
    expect(seen).toEqual({
      ...listed,
      host: 'worker',
      'content-length': '3',
      connection: 'keep-alive',
    })
    expect(requests[0]?.headersDistinct['kura-identity']).toEqual([identity])
    expect(identity).not.toBe('forged')
  })

  it('that are given twice do not become two different values', async () => {
    const doubled = 'Kura-Identity: a\r\nKura-Identity: b\r\nIf-None-Match: "x"\r\n'
    const text = head('GET /v2/a/tags/list', close).replace('Host', `${doubled}Host`)
    const { requests } = await ask(text)
    expect(requests[0]?.headersDistinct['kura-identity']).toHaveLength(1)
  })
})

describe('the target of a request', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const targets = [
    '/v2/a/tags/list',
    '/v2/a/tags/list?n=2&last=x%2Fy',
    `/v2/a/blobs/${digest}?x=%3A+%20`,
    '/v2/a/manifests/v1;param=1',
    "/v2/a/manifests/it's~(odd)!*$&,=@",
    '/v2/a/manifests/%C3%A9',
    '/v2/a/manifests/x?a=b?c=d?',
    '/v2/a/manifests/x?a=//../b\\c',
    '/v2/_catalog?last=a%26b&n=3&n=4',
    '/v2/a/manifests/x?"<>`{}|^',
  ]

  it.each(targets)('%s is sent as it came, and as it was signed', async (target) => {
    const { heard, requests } = await ask(head(`GET ${target}`, close))
    expect(heard).toMatch(/^HTTP\/1\.1 200 /)
    expect(requests.map(({ url }) => url)).toEqual([target])
    const identity = String(requests[0]?.headers['kura-identity'])
    expect(signer.verify(identity, { method: 'GET', url: target })).toBeDefined()
  })

  const spelled: [target: string, sent: string][] = [
    [`/v2/a/blobs/${digest.replace(':', '%3A')}`, `/v2/a/blobs/${digest}`],
    ['/v2/a/manifests/l%61test?x=%61', '/v2/a/manifests/latest?x=%61'],
    ['/v2/a%2Fb/tags/list?last=x%2Fy', '/v2/a/b/tags/list?last=x%2Fy'],
    ['/v2/%61%2fb/c%2Fd/manifests/v1', '/v2/a/b/c/d/manifests/v1'],
    ['/v2/a/manifests/x%3Fy%23z', '/v2/a/manifests/x%3Fy%23z'],
    ['http://registry.example/v2/a%2Fb/tags/list', '/v2/a/b/tags/list'],
  ]
  it.each(spelled)('%s is sent, and signed, as %s', async (target, sent) => {
    const { heard, requests } = await ask(head(`GET ${target}`, close))
    expect(heard).toMatch(/^HTTP\/1\.1 200 /)
    expect(requests.map(({ url }) => url)).toEqual([sent])
    const identity = String(requests[0]?.headers['kura-identity'])
    expect(signer.verify(identity, { method: 'GET', url: sent })).toBeDefined()
  })

  const twisted = [
    '/v2/a/%2e%2e/b/tags/list',
    '/v2/a/../b/tags/list',
    '/v2/a/./b/tags/list',
    '/v2//a/tags',
    '/v2/a%2ftags/list',
    '/v2/a\\b/tags/list',
    '/v2/a%5cb/tags/list',
    '/v2/a%00/tags/list',
    '/v2/a/manifests/%zz',
    '/v2/a/manifests/x%252e',
    '/v2/a#/manifests/x',
    '/v2/a/manifests/\xc3\xa9',
  ]

  it.each(twisted)('%s reaches no worker', async (target) => {
    const { heard, requests } = await ask(head(`GET ${target}`, close))
    expect(heard).toMatch(/^HTTP\/1\.1 40[04] /)
    expect(requests).toEqual([])
  })

  it.each(['/v2//a/tags/list', '//v2/a/tags/list/', '/v2'])(
    '%s is left to the client',
    async (target) => {
      const { heard, requests } = await ask(head(`GET ${target}`, close))
      expect(heard).toMatch(/^HTTP\/1\.1 301 /)
      expect(requests).toEqual([])
    },
  )

  it('loses the host of a whole URL and the prefix of the gateway', async () => {
    const whole = head('GET http://registry.example/v2/a/tags/list?n=1', close)
    expect((await ask(whole)).requests[0]?.url).toBe('/v2/a/tags/list?n=1')
    const prefix = '/team/'
    const prefixed = await ask(head('GET /team/v2/a/tags/list?n=1', close), { prefix })
    expect(prefixed.requests[0]?.url).toBe('/v2/a/tags/list?n=1')
  })
})
