/** Attacks on gateways with workers behind them come to nothing, through the real commands. */
import { afterEach, beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { digestOf, manifestType } from '../support/image.ts'
import { describeWith } from '../support/programs.ts'
import { chunkHeaders } from '../support/push.ts'
import { forgedIdentity, type Guarded, startGuarded } from './support/guarded.ts'

const target = '/v2/team/app/manifests/v1'
const home = '/v2/mallory/app/blobs/uploads/'
const evil = 'evil.example'
const mebibyte = 1024 * 1024

/** A head with these lines, and what follows it. */
const request = (line: string, lines: string[], rest = '') =>
  [`${line} HTTP/1.1`, 'Host: registry.example', ...lines, '', rest].join('\r\n')
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
const answersIn = (text: string) => text.match(/HTTP\/1\.1 (?!100)\d{3}/g)?.length ?? 0

describeWith(['linux'], 'an attacker at a gateway', () => {
  const cleanup = useCleanup()
  let kura: Guarded
  let mallory: string[]
  /** A manifest that the attacker wants to be team/app:v1, as a request of its own. */
  let hidden: string

  beforeAll(async () => {
    kura = await startGuarded(cleanup)
    mallory = [`Authorization: ${kura.as('mallory').authorization}`]
    const manifest = `${kura.image.manifest}`.replace('{', '{ ')
    const said = [
      `kura-identity: ${forgedIdentity('PUT', target)}`,
      `Content-Type: ${manifestType}`,
      `Content-Length: ${manifest.length}`,
    ]
    hidden = request(`PUT ${target}`, said, manifest)
  }, 240_000)

  // Nothing has changed by any attack, and other clients are answered as ever.
  afterEach(async () => {
    for (let times = 0; times < 3; times++) expect(await kura.state()).toEqual(kura.before)
  })

  it.each(['DELETE', 'GET', 'HEAD', 'OPTIONS'])(
    'hides no request in the body of a %s, however its length is said',
    async (method) => {
      for (const path of ['/v2/mallory/app/manifests/v1', '/v2/', '/v2/mallory/app/tags/list']) {
        for (const [lines, body] of [
          [['Transfer-Encoding: chunked'], chunk(hidden)],
          [[`Content-Length: ${hidden.length}`], hidden],
          [['Transfer-Encoding: chunked', 'Expect: 100-continue'], chunk(hidden)],
        ] as const) {
          const text = await kura.raw(request(`${method} ${path}`, [...mallory, ...lines], body))
          expect(text).toMatch(/^(?:HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 400 /)
          expect(answersIn(text)).toBe(1)
        }
      }
    },
  )

  const framings: string[][] = [
    ['Transfer-Encoding: chunked', 'Content-Length: 5'],
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    ['Content-Length: 0', 'Content-Length: 5'],
    ['Content-Length: 5, 0'],
    ['Content-Length: +5'],
    ['Content-Length: 0x5'],
    ['Content-Length: -1'],
    ['Transfer-Encoding: xchunked'],
    ['Transfer-Encoding: chunked, identity'],
    ['Transfer-Encoding: identity, chunked, identity'],
    ['Transfer-Encoding : chunked'],
    ['Transfer-Encoding:\u000bchunked'],
    ['X: y\rTransfer-Encoding: chunked'],
    ['X: y\nTransfer-Encoding: chunked'],
    [' Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
  ]
  it.each(framings.map((lines) => [JSON.stringify(lines.join('; ')), lines] as const))(
    'hides no request behind a length that can be read in two ways: %s',
    async (_, lines) => {
      const body = `0\r\n\r\n${hidden}`
      const text = await kura.raw(request(`POST ${home}`, [...mallory, ...lines], body))
      expect(text).toMatch(/^HTTP\/1\.1 [45]\d\d /)
      expect(answersIn(text)).toBe(1)
    },
  )

  const chunks = [
    '5;x\n\r\nhello\r\n0\r\n\r\n',
    '0x5\r\nhello\r\n0\r\n\r\n',
    '-1\r\n\r\n',
    '5\r\nhelloX0\r\n\r\n',
  ]
  it.each(chunks)('hides no request behind a chunk that is none: %j', async (start) => {
    const lines = [
      ...mallory,
      'Transfer-Encoding: chunked',
      `Content-Type: ${chunkHeaders['Content-Type']}`,
    ]
    const text = await kura.raw(request(`POST ${home}`, lines, start + hidden))
    expect(answersIn(text)).toBeLessThanOrEqual(1)
    expect(text).not.toMatch(/^HTTP\/1\.1 2/)
  })

  it.each([
    '',
    'Expect: 100-continue',
    'Expect: 100-Continue, kura-identity',
    'Connection: kura-identity',
  ])('is not taken for somebody else by headers of our own, with %j', async (line) => {
    const own = ['kura-blob: x', 'kura-unsigned: yes', 'kura-leaving: yes', line].filter(Boolean)
    for (const method of ['GET', 'HEAD', 'DELETE', 'PUT']) {
      const forged = `Kura-Identity: ${forgedIdentity(method, target)}`
      const length = ['Content-Length: 0', 'Connection: close']
      for (const who of [[], mallory]) {
        const text = await kura.raw(
          request(`${method} ${target}`, [...who, forged, ...own, ...length]),
        )
        expect(text).toMatch(/HTTP\/1\.1 (?:401|403|417) /)
        expect(text).not.toMatch(/HTTP\/1\.1 [235]/)
        expect(text).not.toMatch(/^kura-/im)
      }
    }
  })

  const paths = [
    ...['../team', './../team', '%2e%2e/team', '.%2E/team', '..%2fteam', '..\\team', '..%5cteam'],
    ...['/../team', '..;/team', '..//team', '%252e%252e/team', '..%00/team', '..#/team'],
  ].map((way) => `/v2/mallory/${way}/app/manifests/v1`)
  const detours = [
    ...paths,
    `http://${evil}/v2/mallory/../team/app/manifests/v1`,
    '/v2/mallory/app/manifests/../../../team/app/manifests/v1',
    '/v2/mallory/app/blobs/../../../team/app/manifests/v1',
  ]
  it.each(detours)('comes nowhere on the detour %s', async (path) => {
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const lines = [...mallory, 'Content-Length: 0', 'Connection: close']
      const text = await kura.raw(request(`${method} ${path}`, lines))
      expect(text).toMatch(/^HTTP\/1\.1 40[04] /)
      expect(answersIn(text)).toBe(1)
    }
  })

  const spellings = ['team%2fapp', 'team%2Fapp', '%74eam%2F%61pp', 'TEAM%2fapp']
  it.each(spellings)('is nowhere else by the spelling %s', async (name) => {
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const lines = [...mallory, 'Content-Length: 0', 'Connection: close']
      const text = await kura.raw(request(`${method} /v2/${name}/manifests/v1`, lines))
      expect(text).toMatch(/^HTTP\/1\.1 403 /)
    }
  })

  it.each([`/${target}`, target.replace('team', '/team'), `${target}/`])(
    'is sent on from %s to nowhere else, and only to read',
    async (path) => {
      const lines = [...mallory, 'Content-Length: 0', 'Connection: close']
      const text = await kura.raw(request(`GET ${path}`, lines))
      expect(text).toMatch(/^HTTP\/1\.1 301 /)
      expect(text).toContain(`\r\nLocation: ${target}\r\n`)
      for (const method of ['DELETE', 'PUT']) {
        const refused = await kura.raw(request(`${method} ${path}`, lines))
        expect(refused).toMatch(/^HTTP\/1\.1 40[04] /)
      }
    },
  )

  it('mounts nothing that may not be pulled', async () => {
    const [layer] = kura.image.layers
    const digest = digestOf(layer ?? Buffer.alloc(0))
    for (const from of ['team/app', 'mallory/../team/app', 'team%2Fapp', '', '*']) {
      const url = `${kura.url}${home}?mount=${digest}&from=${from}`
      expect((await send('POST', url, { headers: kura.as('mallory') })).status).toBe(202)
    }
    const blob = `${kura.url}/v2/mallory/app/blobs/${digest}`
    expect((await send('HEAD', blob, { headers: kura.as('mallory') })).status).toBe(404)
  })

  const forwarded: Record<string, string>[] = [
    { 'X-Forwarded-For': '10.1.1.1' },
    { 'X-Forwarded-For': '10.1.1.1, 127.0.0.1' },
    { Forwarded: 'for=10.1.1.1;host=evil.example;proto=https' },
    { 'X-Real-IP': '10.1.1.1', 'X-Client-IP': '10.1.1.1', 'True-Client-IP': '10.1.1.1' },
  ]
  it.each(forwarded)('is not elsewhere because it says so: %j', async (headers) => {
    for (const path of ['inside/app/manifests/v1', 'inside/app/tags/list']) {
      expect((await send('GET', `${kura.url}/v2/${path}`, { headers })).status).toBe(401)
    }
  })

  it('sends nobody to another host', async () => {
    const said = {
      'X-Forwarded-Host': evil,
      'X-Forwarded-Proto': 'https',
      Forwarded: `host=${evil}`,
    }
    for (const person of [{}, kura.as('mallory')]) {
      for (const [method, path] of [
        ['POST', home],
        ['GET', '/v2/'],
        ['GET', '/v2/team/app/tags/list'],
        ['GET', '/v2/_catalog?n=1'],
      ] as const) {
        const answer = await send(method, kura.url + path, { headers: { ...said, ...person } })
        expect(JSON.stringify(answer.headers)).not.toContain(evil)
      }
    }
  })

  it('hears why a body is refused, though it is still sending it', async () => {
    const body = Buffer.alloc(12 * mebibyte)
    const rows: [who: string, path: string, type: string, status: number[]][] = [
      ['mallory', target, manifestType, [401, 403]],
      ['mallory', '/v2/mallory/app/manifests/v1', manifestType, [413]],
      ['mallory', `${home}?digest=sha256:x`, 'application/octet-stream', [400]],
    ]
    for (const [who, path, type, statuses] of rows) {
      const headers = { ...kura.as(who), 'Content-Type': type }
      const answer = await send(path.includes('uploads') ? 'POST' : 'PUT', kura.url + path, {
        headers,
        body,
      })
      expect(statuses).toContain(answer.status)
    }
  })
})
