import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from '@jest/globals'
import Koa from 'koa'
import type { GatewayContext, GatewayState } from '../../../gateway/context.ts'
import { logEvents } from '../../../gateway/log/events.ts'
import { createLog } from '../../../gateway/log/log.ts'
import { namePushed, parsePushed } from '../../../gateway/pool/wire-headers.ts'
import { useCleanup } from '../../support/cleanup.ts'

const cleanup = useCleanup()

type Answer = {
  status: number
  kind?: string
  reference?: string
  name?: string
  headers?: Record<string, string>
  loggedIn?: string
  pushed?: GatewayContext['state']['pushed']
}
type Asked = [method: string, answer: Answer]

/** Answers the given, and then the lines as they are written in the log's own format. */
async function textOf(asked: Asked[]): Promise<string> {
  let text = ''
  const output = {
    write(line: string) {
      text += line
    },
  }
  const options = { level: 'info', formatter: 'text', fields: {}, reportcaller: false } as const
  const events = logEvents({ log: createLog(options, output) })
  let answer: Answer | undefined
  const app = new Koa<GatewayState>().use(events.middleware).use((ctx) => {
    const { status = 500, kind, reference = '', name, headers = {}, ...rest } = answer ?? {}
    Object.assign(ctx.state, { identity: { name }, ...rest })
    if (kind) Object.assign(ctx.state, { target: { kind, repository: 'a/b', reference } })
    ctx.status = status
    ctx.body = 'x'
    ctx.set(headers)
  })
  const server = createServer(app.callback()).listen(0, '127.0.0.1')
  cleanup.add(async () => server.close().closeAllConnections())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  for (const [method, next] of asked) {
    answer = next
    const response = await fetch(`http://127.0.0.1:${port}/`, { method })
    await response.text()
  }
  await events.close()
  return text
}

async function linesOf(asked: Asked[]): Promise<string[]> {
  const written = (await textOf(asked)).split('\n').slice(0, -1)
  return written.map((line) =>
    line.replace(/^time=\S+ level=info msg="(.*)"$/, '$1').replace(/\d+\.\d s$/, 'TIME'),
  )
}

const headers = { 'Docker-Content-Digest': 'sha256:d' }
const image = { kind: 'manifest', reference: 'v1', name: 'ann', headers }
const index = { ...headers, 'Content-Type': 'application/vnd.oci.image.index.v1+json' }

it('says what was pushed, pulled and deleted, and by whom', async () => {
  const pushed = { layers: 3, bytes: 12_300_000 }
  const asked: Asked[] = [
    ['PUT', { ...image, status: 201, pushed }],
    ['GET', { ...image, status: 200 }],
    ['DELETE', { ...image, status: 202, reference: 'sha256:d' }],
  ]
  expect(await linesOf(asked)).toEqual([
    'ann pushed a/b:v1 sha256:d 3 layers 12 MB TIME',
    'ann pulled a/b:v1 from 127.0.0.1',
    'ann deleted a/b@sha256:d',
  ])
})

it('says what failed, unless that is told elsewhere', async () => {
  const asked: Asked[] = [
    ['PUT', { ...image, status: 400 }],
    ['PATCH', { ...image, kind: 'upload', status: 416 }],
    ['DELETE', { ...image, status: 405 }],
    ['PUT', { ...image, status: 403 }],
    ['PUT', { ...image, status: 503 }],
    ['GET', { ...image, status: 404 }],
  ]
  expect(await linesOf(asked)).toEqual([
    'ann could not push a/b:v1: 400 Bad Request',
    'ann could not push to a/b: 416 Range Not Satisfiable',
    'ann could not delete a/b:v1: 405 Method Not Allowed',
  ])
})

it.each([
  [{ images: 4, platforms: 2 }, '2 platforms'],
  [{ images: 1, platforms: 0 }, '1 image'],
  [{ layers: 1 }, '1 layer'],
])('an index is told by what is in it: %j', async (pushed, told) => {
  const lines = await linesOf([['PUT', { ...image, status: 201, pushed }]])
  expect(lines).toEqual([`ann pushed a/b:v1 sha256:d ${told} TIME`])
})

it('a push by digest names the tags that came with it', async () => {
  const given = { ...headers, 'OCI-Tag': 'v1, v2' }
  const asked: Asked[] = [['PUT', { ...image, reference: 'sha256:d', status: 201, headers: given }]]
  expect(await linesOf(asked)).toEqual(['ann pushed a/b@sha256:d as v1, v2 TIME'])
})

it('a pull of an index and of an image in it is one, told with the tag that was asked for', async () => {
  const own = { 'Docker-Content-Digest': 'sha256:e' }
  const child = { ...image, status: 200, reference: 'sha256:e', headers: own }
  const asked: Asked[] = [
    ['HEAD', { ...image, status: 200, headers: index }],
    ['GET', { ...image, status: 200, reference: 'sha256:d', headers: index }],
    ['GET', child],
    ['GET', { ...child, name: 'bob' }],
  ]
  expect(await linesOf(asked)).toEqual([
    'ann pulled a/b:v1 from 127.0.0.1',
    'bob pulled a/b@sha256:e from 127.0.0.1',
  ])
})

it('says once that a user logged in, however often the password is sent', async () => {
  const base = { kind: 'base', status: 200 }
  const lines = await linesOf([
    ['GET', { ...base, loggedIn: 'ann' }],
    ['GET', { ...base, loggedIn: 'ann' }],
    ['POST', { status: 200, loggedIn: 'bob' }],
    ['GET', { ...base, name: 'eve' }],
  ])
  expect(lines).toEqual(['ann logged in from 127.0.0.1', 'bob logged in from 127.0.0.1'])
})

it('is silent about probes and layers', async () => {
  const asked: Asked[] = [
    ['GET', { status: 200 }],
    ['GET', { status: 200, kind: 'base' }],
    ['GET', { status: 401, kind: 'base' }],
    ['GET', { status: 200, kind: 'blob', name: 'ann' }],
    ['PUT', { status: 201, kind: 'upload', name: 'ann' }],
    ['HEAD', { ...image, status: 200 }],
  ]
  expect(await linesOf(asked)).toEqual([])
})

it('a name or a reference cannot make up another event, or another line', async () => {
  const name = 'x\n\u001b[2J\u2028pushed a:v1 "y"'
  const text = await textOf([
    ['GET', { ...image, status: 200, name }],
    ['PUT', { ...image, status: 400, reference: 'v1 sha256:0\r\nann deleted a/b' }],
  ])
  expect(text.split('\n')).toHaveLength(3)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028]/)
  expect(text).toContain(String.raw`msg="\"x\\n\\u001b[2J\u2028pushed a:v1 \\\"y\\\"\" pulled`)
  expect(text).toContain('ann could not push a/b@redacted/b: 400')
})

it('what a client repeats is counted, and does not hide what was pushed', async () => {
  const pull: Asked = ['GET', { ...image, status: 200 }]
  const text = await textOf([
    ...Array.from({ length: 30 }, () => pull),
    ['PUT', { ...image, status: 201 }],
  ])
  expect(text.match(/ann pulled a\/b:v1 from 127\.0\.0\.1"/g)).toHaveLength(20)
  expect(text).toMatch(/ann pulled a\/b:v1 .*more often than is written one by one" times=10/)
  expect(text).toContain('ann pushed')
})

it('hears from a worker what was pushed, and nothing from one that does not say it', () => {
  const pushed = { layers: 2, bytes: 5_000_000_000 }
  expect(parsePushed(namePushed(pushed))).toEqual(pushed)
  expect(parsePushed(namePushed({ images: 3, platforms: 0 }))).toEqual({ images: 3, platforms: 0 })
  expect(parsePushed(undefined)).toBeUndefined()
  expect(parsePushed('x y z __proto__=1')).toBeUndefined()
})
