import { once } from 'node:events'
import { type ClientRequest, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { afterEach, expect, it } from '@jest/globals'
import Koa, { type Context } from 'koa'
import { accessLog } from '../../../gateway/log/access-log.ts'
import { createLog, type LogOptions } from '../../../gateway/log/log.ts'
import { type LogState, logRequests } from '../../../gateway/log/requests.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

type Handler = (ctx: Context & { state: LogState }) => unknown

/** A server that answers with `handler`; `line` resolves to its next line of either log. */
async function serve(handler: Handler, level: LogOptions['level'] = 'info') {
  const lines: string[] = []
  const logged = new EventTarget()
  const output = {
    write(line: string) {
      lines.push(line)
      logged.dispatchEvent(new Event('line'))
    },
  }
  const log = createLog({ level, formatter: 'json', fields: {}, reportcaller: false }, output)
  const access: string[] = []
  const app = new Koa<LogState>()
    .use(logRequests({ log, access: accessLog({ write: (line) => access.push(line) }) }))
    .use(async (ctx) => {
      await handler(ctx)
    })
  app.silent = true
  const server = createServer(app.callback()).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`

  async function line(): Promise<Record<string, unknown>> {
    while (lines.length === 0) await once(logged, 'line')
    return JSON.parse(lines.shift() ?? '')
  }
  return { origin, line, lines, access }
}

it('says what was asked and what was answered', async () => {
  const { origin, line, access } = await serve((ctx) => {
    ctx.state.identity = { name: 'ann' }
    ctx.state.target = { kind: 'blob', repository: 'a/b', reference: 'sha256:x', action: 'pull' }
    ctx.body = { hello: '蔵' }
  })
  const response = await fetch(`${origin}/v2/a/b/blobs/sha256:x?_state=s3cret`, {
    headers: { 'user-agent': 'test', referer: 'http://u:p@page/', 'x-request-id': 'mine' },
  })
  await response.text()
  expect(await line()).toEqual({
    level: 'info',
    time: expect.any(String),
    msg: 'response completed',
    'http.request.id': expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4/),
    'http.request.method': 'GET',
    'http.request.host': origin.slice('http://'.length),
    'http.request.uri': '/v2/a/b/blobs/sha256:x?_state=redacted',
    'http.request.remoteaddr': '127.0.0.1',
    'http.request.useragent': 'test',
    'http.request.referer': 'http://page/',
    'http.response.status': 200,
    'http.response.written': 15,
    'http.response.duration': expect.stringMatching(/^[\d.]+(µs|ms|s)$/),
    'http.response.contenttype': 'application/json; charset=utf-8',
    'auth.user.name': 'ann',
    'vars.name': 'a/b',
    'vars.digest': 'sha256:x',
  })
  expect(access).toEqual([
    expect.stringMatching(
      /^127\.0\.0\.1 - ann \[.*\] "GET \/v2\/a\/b\/blobs\/sha256:x\?_state=redacted HTTP\/1\.1" 200 15 "http:\/\/page\/" "test"\n$/,
    ),
  ])
})

it('gives the request the id that it logs', async () => {
  const { origin, line } = await serve((ctx) => {
    ctx.body = ctx.state.requestId
  })
  const told = await (await fetch(origin)).text()
  expect((await line())['http.request.id']).toBe(told)
})

it('counts what a stream wrote', async () => {
  const { origin, line } = await serve((ctx) => {
    ctx.body = Readable.from([Buffer.alloc(70_000), Buffer.alloc(5)])
  })
  await (await fetch(origin)).arrayBuffer()
  expect(await line()).toMatchObject({ 'http.response.written': 70_005 })
})

it('counts nothing for HEAD', async () => {
  const { origin, line } = await serve((ctx) => {
    ctx.respond = false
    ctx.status = 200
    ctx.res.end('not sent')
  })
  await fetch(origin, { method: 'HEAD' })
  expect(await line()).toMatchObject({ 'http.response.written': 0, 'http.response.status': 200 })
})

it('logs 499 for a client that left before the answer', async () => {
  let leaving: ClientRequest | undefined
  const { origin, line, access } = await serve(async (ctx) => {
    leaving?.destroy()
    await once(ctx.req, 'close')
    ctx.body = 'too late'
  })
  leaving = request(origin).on('error', () => {})
  leaving.end()
  expect(await line()).toMatchObject({
    'http.response.status': 499,
    'http.request.remoteaddr': '127.0.0.1',
  })
  expect(access[0]).toContain('" 499 0 ')
})

it('logs 499 for a client that left during the answer', async () => {
  const { origin, line } = await serve((ctx) => {
    ctx.body = Readable.from(endless())
  })
  const leaving = request(origin, (response) => response.once('data', () => leaving.destroy()))
  leaving.on('error', () => {}).end()
  expect(await line()).toMatchObject({ 'http.response.status': 499 })
})

it('does not blame the client for an answer that broke off here', async () => {
  const { origin, line } = await serve((ctx) => {
    ctx.respond = false
    ctx.status = 200
    ctx.res.write('half')
    ctx.res.destroy(new Error('disk failed'))
  })
  await fetch(origin).then(
    (response) => response.text(),
    () => {},
  )
  expect(await line()).toMatchObject({ 'http.response.status': 200, 'http.response.written': 4 })
})

it('keeps to the access log when the level is above info', async () => {
  const { origin, lines, access } = await serve((ctx) => {
    ctx.status = 204
  }, 'warn')
  await fetch(origin)
  await fetch(origin)
  expect(access[0]).toContain('" 204 0 ')
  expect(lines).toEqual([])
})

async function* endless() {
  for (;;) yield Buffer.alloc(65_536)
}
