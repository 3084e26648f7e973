/** A worker's answer at the client: all that is meant for it, as it was written. */
import type { RequestListener } from 'node:http'
import { describe, expect, it } from '@jest/globals'
import { exchange, head } from '../../protocol/support/raw.ts'
import { send } from '../../support/http.ts'
import { usePool } from './support/pool.ts'

const startPool = usePool()
const close = { Connection: 'close' }

async function ask(line: string, handler: RequestListener) {
  const { gateway } = await startPool([handler])
  const heard = await exchange(gateway.port, head(line, close))
  const [top = '', ...body] = heard.split('\r\n\r\n')
  const [status = '', ...headers] = top.split('\r\n')
  return { status, headers, body: body.join('\r\n\r\n'), failures: gateway.failures }
}

const fromGateway = /^(?:Date|Connection|Docker-Distribution-Api-Version): /

describe('the headers of an answer', () => {
  it('keep their order, their case and their number', async () => {
    const written = [
      'docker-CONTENT-digest: sha256:x',
      'Content-Type: text/plain',
      'X-Multi: 1',
      'WWW-Other: b',
      'x-multi: 2',
      'Content-Length: 2',
    ]
    const { status, headers, body } = await ask('GET /v2/a/tags/list', (_, res) => {
      res.socket?.end(`HTTP/1.1 203 Fine\r\n${written.join('\r\n')}\r\n\r\nok`)
    })
    expect(status).toMatch(/^HTTP\/1\.1 203 /)
    const own = headers.filter((line) => !fromGateway.test(line))
    // Values of one name stand together, under the name as it was first written.
    expect(own).toEqual([...written.slice(0, 3), 'X-Multi: 2', written[3], written[5]])
    expect(body).toBe('ok')
  })

  it('leave out what gateway and worker say to each other', async () => {
    const { headers } = await ask('GET /v2/a/tags/list', (_, res) => {
      res.writeHead(200, {
        'Kura-Identity': 'a',
        'KURA-LEAVING': 'yes',
        'Kura-Unsigned': 'yes',
        'Keep-Alive': 'timeout=7',
        Upgrade: 'h2c',
        Date: 'Thu, 01 Jan 1970 00:00:00 GMT',
      })
      res.end('ok')
    })
    expect(headers.join('\n')).not.toMatch(/kura-|timeout=7|h2c|1970/i)
  })
})

describe('an answer without a body', () => {
  const rows: [line: string, status: number, sent: Record<string, string>][] = [
    ['HEAD /v2/a/manifests/x', 200, { 'Content-Length': '12345' }],
    ['HEAD /v2/a/manifests/x', 200, {}],
    ['HEAD /v2/a/manifests/x', 404, { 'Content-Length': '7' }],
    ['GET /v2/a/manifests/x', 304, { ETag: '"x"' }],
    ['GET /v2/a/manifests/x', 204, {}],
    ['DELETE /v2/a/manifests/x', 202, { 'Content-Length': '0' }],
    ['GET /v2/a/manifests/x', 200, { 'Content-Length': '0' }],
  ]

  it.each(rows)('to %s with %i and %p is one', async (line, expected, sent) => {
    const answer = await ask(line, (_, res) => void res.writeHead(expected, sent).end())
    expect(answer.status).toMatch(new RegExp(`^HTTP/1\\.1 ${expected} `))
    expect(answer.body).toBe('')
    const lengths = answer.headers.filter((it) => /^content-length/i.test(it))
    const length = sent['Content-Length']
    expect(lengths).toEqual(length === undefined ? [] : [`Content-Length: ${length}`])
    expect(answer.failures).toEqual([])
  })
})

describe('an answer that does not say its length', () => {
  it.each([
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
    ['until the connection ends', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc'],
    ['of the first HTTP', 'HTTP/1.0 200 OK\r\n\r\nabc'],
  ])('%s comes whole', async (_, text) => {
    const { gateway } = await startPool([(_req, res) => void res.socket?.end(text)])
    const answer = await send('GET', `${gateway.url}/v2/a/tags/list`)
    expect([answer.status, answer.body.toString()]).toEqual([200, 'abc'])
  })
})

describe('what a worker refuses', () => {
  it('reaches the client as it was said', async () => {
    const body = '{"errors":[{"code":"DENIED"}]}\n'
    const { gateway } = await startPool([
      (_, res) => void res.writeHead(403, { 'Content-Type': 'application/json' }).end(body),
    ])
    const answer = await send('GET', `${gateway.url}/v2/a/tags/list`)
    expect([answer.status, answer.body.toString()]).toEqual([403, body])
    expect(gateway.failures).toEqual([])
  })

  it('is no login when it is our signature: the log says what to look at', async () => {
    const { gateway } = await startPool([
      (_, res) => void res.writeHead(401, { 'Kura-Unsigned': 'yes' }).end(),
    ])
    const answer = await send('GET', `${gateway.url}/v2/a/tags/list`)
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5'])
    expect(answer.headers['www-authenticate']).toBeUndefined()
    expect(String(gateway.failures)).toMatch(/http\.secret/)
  })
})
