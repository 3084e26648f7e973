/** Clients that fall silent half-way: what they hold is let go of, and what they sent is kept. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readlink } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { endIdle } from '../../gateway/guard/idle.ts'
import { pushBlob, sha256, startUpload } from './support/content.ts'
import { head, openRequest } from './support/raw.ts'
import { until, useRegistry } from './support/suite.ts'

const reports: string[] = []
const client = useRegistry({
  prepare: (server) =>
    endIdle(server, { idleMs: 400, report: ({ waitedFor }) => void reports.push(waitedFor) }),
})
const port = () => client.registry().port
const whereSeen = existsSync('/proc/self/fd') ? it : it.skip

describe('an upload whose client falls silent', () => {
  const bytes = randomBytes(2_500_000)
  const digest = sha256(bytes)
  const framings: [what: string, method: string, headers: Record<string, string | number>][] = [
    ['with its length', 'PATCH', { 'Content-Length': 5_000_000 }],
    ['in chunks', 'PATCH', { 'Transfer-Encoding': 'chunked' }],
    ['at its end', 'PUT', { 'Content-Length': 5_000_000 }],
  ]
  it.each(framings)('%s keeps all that came, and can be gone on with', async (...framing) => {
    const [what, method, headers] = framing
    const path = await startUpload(client, 'silent')
    const query = method === 'PUT' ? `?digest=${digest}` : ''
    const silent = await openRequest(port(), `${method} ${path}${query}`, headers)
    if (what === 'in chunks') await silent.write(`${(5_000_000).toString(16)}\r\n`)
    await silent.write(bytes.subarray(0, 2_000_000))
    expect(await silent.answer()).toMatch(/^HTTP\/1.1 408 Request Timeout.*"code":"UNSUPPORTED"/s)

    await until(async () => (await client.get(path)).headers.range === '0-1999999')
    const rest = { 'Content-Range': '2000000-2499999' }
    const patched = await client.patch(path, { body: bytes.subarray(2_000_000), headers: rest })
    expect(patched.status).toBe(202)
    expect((await client.put(`${path}?digest=${digest}`)).status).toBe(201)
  })

  it('lets another go on at once', async () => {
    const path = await startUpload(client, 'busy')
    const silent = await openRequest(port(), `PATCH ${path}`, { 'Content-Length': 10 })
    const [heard, patched] = await Promise.all([
      silent.answer(),
      client.patch(path, { body: 'bytes' }),
    ])
    expect(heard).toMatch(/^HTTP\/1.1 408 /)
    expect(patched.status).toBe(202)
  })
})

it('a manifest that stops half-way is answered', async () => {
  const line = 'PUT /v2/silent/manifests/v1'
  const silent = await openRequest(port(), line, { 'Content-Length': 10 })
  expect(await silent.answer()).toMatch(/^HTTP\/1.1 408 /)
})

const endings: [what: string, end: (silent: Socket) => unknown, reported: string[]][] = [
  ['stops', () => {}, ['its answer to be taken']],
  ['leaves', (silent) => silent.destroy(), []],
  ['is killed', (silent) => silent.resetAndDestroy(), []],
]
whereSeen.each(endings)(
  'a reader that %s has its file closed (skipped without /proc)',
  async (...row) => {
    const [, end, reported] = row
    const digest = await pushBlob(client, 'large', randomBytes(24 * 1024 * 1024))
    reports.length = 0
    const silent = connect(port(), '127.0.0.1').on('error', () => {})
    silent.write(head(`GET /v2/large/blobs/${digest}`))
    await until(async () => (await openFiles(digest)) === 1)
    await once(silent, 'readable')
    end(silent)
    await until(async () => (await openFiles(digest)) === 0)
    expect(reports).toEqual(reported)
    silent.destroy()
  },
)

/** How many files of this blob the registry, which runs in this process, has open. */
async function openFiles(digest: string): Promise<number> {
  const handles = await readdir('/proc/self/fd')
  const targets = await Promise.all(
    handles.map((handle) => readlink(`/proc/self/fd/${handle}`).catch(() => '')),
  )
  return targets.filter((it) => it.includes(digest.slice('sha256:'.length))).length
}
