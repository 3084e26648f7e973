import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from '@jest/globals'
import Koa from 'koa'
import { createLog } from '../../gateway/http/log.ts'
import { logEvents } from '../../gateway/http/log-events.ts'
import { namePushed, parsePushed } from '../../gateway/pool/headers.ts'
import type { Context, State } from '../../gateway/state.ts'
import { useCleanup } from '../support/cleanup.ts'

const cleanup = useCleanup()

type Answer = { status: number; kind?: string; reference?: string; name?: string; digest?: string }

async function linesOf(
  asked: [method: string, answer: Answer][],
  pushed?: Context['state']['pushed'],
) {
  const lines: string[] = []
  const output = { write: (line: string) => lines.push(JSON.parse(line).msg) }
  const options = { level: 'info', formatter: 'json', fields: {}, reportcaller: false } as const
  let answer: Answer | undefined
  const app = new Koa<State>().use(logEvents({ log: createLog(options, output) })).use((ctx) => {
    const { status = 500, kind, reference = '', name, digest } = answer ?? {}
    Object.assign(ctx.state, { identity: { name }, pushed })
    if (kind) Object.assign(ctx.state, { target: { kind, repository: 'a/b', reference } })
    if (digest) ctx.set('Docker-Content-Digest', digest)
    ctx.status = status
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
  return lines.map((line) => line.replace(/\d+\.\d s$/, 'TIME'))
}

const image = { kind: 'manifest', reference: 'v1', name: 'ann', digest: 'sha256:d' }

it('says what was pushed, pulled and deleted, and by whom', async () => {
  const asked: Parameters<typeof linesOf>[0] = [
    ['PUT', { ...image, status: 201 }],
    ['GET', { ...image, status: 200 }],
    ['DELETE', { ...image, status: 202, reference: 'sha256:d' }],
    ['PUT', { ...image, status: 400 }],
  ]
  expect(await linesOf(asked, { images: 0, layers: 3, bytes: 12_300_000 })).toEqual([
    'ann pushed a/b:v1 sha256:d 3 layers 12 MB TIME',
    'ann pulled a/b:v1 from 127.0.0.1',
    'ann deleted a/b@sha256:d',
    'ann could not push a/b:v1: 400 Bad Request',
  ])
})

it('counts the images of an index', async () => {
  const lines = await linesOf([['PUT', { ...image, status: 201 }]], {
    images: 1,
    layers: 0,
    bytes: 0,
  })
  expect(lines).toEqual(['ann pushed a/b:v1 sha256:d 1 image TIME'])
})

it('says once that a user logged in, however often the password is sent', async () => {
  const base = { kind: 'base', status: 200, name: 'ann' }
  const lines = await linesOf([
    ['GET', base],
    ['GET', base],
    ['GET', { ...base, name: 'bob' }],
  ])
  expect(lines).toEqual(['ann logged in from 127.0.0.1', 'bob logged in from 127.0.0.1'])
})

it('is silent about probes, layers, and what has a line elsewhere', async () => {
  const asked: Parameters<typeof linesOf>[0] = [
    ['GET', { status: 200 }],
    ['GET', { status: 401, kind: 'base' }],
    ['GET', { status: 200, kind: 'blob', name: 'ann' }],
    ['PUT', { status: 201, kind: 'upload', name: 'ann' }],
    ['HEAD', { ...image, status: 200 }],
    ['PUT', { ...image, status: 403 }],
    ['PUT', { ...image, status: 503 }],
  ]
  expect(await linesOf(asked)).toEqual([])
})

it('hears from a worker what was pushed, and nothing from one that does not say it', () => {
  const pushed = { images: 0, layers: 2, bytes: 5_000_000_000 }
  expect(parsePushed(namePushed(pushed))).toEqual(pushed)
  expect(parsePushed(undefined)).toBeUndefined()
  expect(parsePushed('x y z')).toBeUndefined()
})
