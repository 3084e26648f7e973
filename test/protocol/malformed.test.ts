/** Requests that RFC 9112 wants refused, or that another reader might read otherwise, byte by byte. */
import { describe, expect, it } from '@jest/globals'
import { exchange } from './support/raw.ts'
import { useRegistry } from './support/suite.ts'

const client = useRegistry()
const host = 'Host: a\r\n'
const get = (headers: string, target = '/v2/') => `GET ${target} HTTP/1.1\r\n${headers}\r\n`
const post = (headers: string, body = '0\r\n\r\n', version = '1.1') =>
  `POST /v2/a/blobs/uploads/ HTTP/${version}\r\n${host}${headers}\r\n${body}`
const chunks = (body: string) => post('Transfer-Encoding: chunked\r\n', body)

type Row = [what: string, sent: string, status: number]
const refused: Row[] = [
  ['two hosts', get(`${host}Host: b\r\n`), 400],
  ['two hosts that are the same', get(host + host), 400],
  ['two hosts for GET /', get(`${host}Host: b\r\n`, '/'), 400],
  ['two hosts in HTTP/1.0', `GET /v2/ HTTP/1.0\r\n${host}${host}\r\n`, 400],
  ['no host', get(''), 400],
  ['a host with a space', get('Host: a b\r\n'), 400],
  ['a host with a path and a query', get('Host: evil.example/x?\r\n'), 400],
  ['a host with a name before it', get('Host: user@a\r\n'), 400],
  ['a list of hosts', get('Host: a, b\r\n'), 400],
  ['a host whose port is none', get('Host: a:b\r\n'), 400],
  ['a host with a quote', get('Host: a"b\r\n'), 400],
  ['a target with another host', get(host, 'http://b/v2/'), 400],
  ['a target with a name before its host', get(host, 'http://user@a/v2/'), 400],
  ['a target of another kind', get(host, 'ftp://a/v2/'), 400],
  ['a target that is a host', get(host, 'a:443'), 400],
  ['a target without a slash', get(host, 'v2/'), 400],
  ['a length beside chunks', post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'), 400],
  ['a coding that ends in none', post('Transfer-Encoding: gzip\r\n'), 400],
  ['chunks within a coding', post('Transfer-Encoding: chunked, gzip\r\n'), 400],
  ['a coding within chunks', post('Transfer-Encoding: gzip, chunked\r\n'), 501],
  ['chunks within chunks', post('Transfer-Encoding: chunked, chunked\r\n'), 400],
  ['chunks said twice', post('Transfer-Encoding: chunked\r\n'.repeat(2)), 400],
  ['nearly chunks', post('Transfer-Encoding: xchunked\r\n'), 400],
  ['chunks behind a control character', post('Transfer-Encoding: \x0bchunked\r\n'), 400],
  ['chunks in HTTP/1.0', post('Transfer-Encoding: chunked\r\n', '0\r\n\r\n', '1.0'), 400],
  ['two lengths', post('Content-Length: 0\r\nContent-Length: 5\r\n'), 400],
  ['a list of lengths', post('Content-Length: 5, 5\r\n'), 400],
  ['a length with a sign', post('Content-Length: +5\r\n'), 400],
  ['a length of sixteens', post('Content-Length: 0x5\r\n'), 400],
  ['an empty length', post('Content-Length:\r\n'), 400],
  ['a length beyond all numbers', post(`Content-Length: ${'9'.repeat(30)}\r\n`), 400],
  ['a folded line', get(`${host}X: a\r\n b\r\n`), 400],
  ['a space before a colon', get(`${host}X : a\r\n`), 400],
  ['a space before the first header', get(` X: a\r\n${host}`), 400],
  ['a header without a colon', get(`${host}X\r\n`), 400],
  ['lines that end in LF', 'GET /v2/ HTTP/1.1\nHost: a\n\n', 400],
  ['one line that ends in LF', get('Host: a\n'), 400],
  ['a CR within a value', get(`${host}X: a\rb\r\n`), 400],
  ['a NUL within a value', get(`${host}X: a\0b\r\n`), 400],
  ['a NUL within a name', get(`${host}X\0: a\r\n`), 400],
  ['a NUL within a target', get(host, '/v2/\0'), 400],
  ['a chunk without a size', chunks('no number\r\n'), 400],
  ['a chunk size that wraps', chunks('10000000000000000\r\n'), 400],
  ['a chunk size that ends in LF', chunks('0\n\n'), 400],
  ['a flood of chunk extensions', chunks(`1;${'a'.repeat(30_000)}\r\nx\r\n0\r\n\r\n`), 400],
  ['a length in a trailer', chunks('0\r\nContent-Length: 4\r\n\r\n'), 400],
  ['a flood of trailers', chunks(`0\r\n${'X: y\r\n'.repeat(9_000)}\r\n`), 431],
  ['HTTP/0.9', 'GET /v2/\r\n\r\n', 505],
  ['HTTP/2.0 as a line', `GET /v2/ HTTP/2.0\r\n${host}\r\n`, 505],
  ['HTTP/3.0 as a line', `GET /v2/ HTTP/3.0\r\n${host}\r\n`, 505],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['a tunnel', `CONNECT a:443 HTTP/1.1\r\n${host}\r\n`, 501],
  ['a method that nobody knows', `BREW /v2/ HTTP/1.1\r\n${host}\r\n`, 501],
  ['an expectation that nobody meets', get(`${host}Expect: miracle\r\n`), 417],
  ['one more expectation', get(`${host}Expect: 100-continue, miracle\r\n`), 417],
]

it.each(refused)('%s: refused, and nothing behind it is answered', async (...row) => {
  const [, sent, status] = row
  const heard = await exchange(client.registry().port, sent + get(host))
  expect(heard).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(heard.match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
  expect(heard).toMatch(/\r\nConnection: close\r\n/)
  expect(heard).toMatch(/"errors":\[\{"code":"UNSUPPORTED"/)
})

const last = `${host}Connection: close\r\n`
const taken: Row[] = [
  ['a host with a port', get(last.replace('a', 'a:5000')), 200],
  ['an address as host', get(last.replace('a', '[::1]:5000')), 200],
  ['a whole URL of the same host', get(last, 'http://a:80/v2/'), 200],
  ['no host in HTTP/1.0', 'GET /v2/ HTTP/1.0\r\n\r\n', 200],
  ['empty lines before a request', `\r\n\r\n${get(last)}`, 200],
  [
    'a wish for another protocol',
    get(`${host}Upgrade: h2c\r\nConnection: upgrade, close\r\n`),
    200,
  ],
  [
    'a chunk extension',
    post('Connection: close\r\nTransfer-Encoding: Chunked\r\n', '0;a=b\r\n\r\n'),
    202,
  ],
  [
    'a trailer',
    post('Connection: close\r\nTransfer-Encoding: chunked\r\n', '0\r\nX: y\r\n\r\n'),
    202,
  ],
]

describe('taken all the same', () => {
  it.each(taken)('%s', async (...row) => {
    const [, sent, status] = row
    const heard = await exchange(client.registry().port, sent)
    expect(heard).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(heard.match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
  })
})
