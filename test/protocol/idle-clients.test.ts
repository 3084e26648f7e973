/**
 * Resources that are freed, and bytes that are kept, when a client falls silent half-way. The time allowed and the
 * answer are in test/gateway/guard/idle.test.ts.
 */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readlink } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { beforeAll, expect, it } from '@jest/globals'
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

it('an upload whose client falls silent keeps all that came, and lets another go on at once', async () => {
  const bytes = Buffer.alloc(2_500_000, 'silent')
  const path = await startUpload(client, 'silent')
  const silent = await openRequest(port(), `PATCH ${path}`, { 'Content-Length': 5_000_000 })
  await silent.write(bytes.subarray(0, 2_000_000))
  const [heard, patched] = await Promise.all([
    silent.answer(),
    client.patch(path, {
      body: bytes.subarray(2_000_000),
      headers: { 'Content-Range': '2000000-2499999' },
    }),
  ])
  expect(heard).toMatch(/^HTTP\/1.1 408 Request Timeout.*"code":"UNSUPPORTED"/s)
  expect(patched.status).toBe(202)
  expect((await client.put(`${path}?digest=${sha256(bytes)}`)).status).toBe(201)
})

/** More than all buffers on the way hold. */
const large = Buffer.alloc(24 * 1024 * 1024, 'kura')
const digest = sha256(large)
beforeAll(() => pushBlob(client, 'large', large))

const endings: [what: string, end: (silent: Socket) => unknown, reported: string[]][] = [
  ['stops', () => {}, ['its answer to be taken']],
  ['leaves', (silent) => silent.destroy(), []],
  ['is killed', (silent) => silent.resetAndDestroy(), []],
]
whereSeen.each(endings)(
  'a reader that %s has its file closed (skipped without /proc)',
  async (...row) => {
    const [, end, reported] = row
    reports.length = 0
    const silent = connect(port(), '127.0.0.1').on('error', () => {})
    silent.write(head(`GET /v2/large/blobs/${digest}`))
    await until(async () => (await openFiles()) === 1)
    await once(silent, 'readable')
    end(silent)
    await until(async () => (await openFiles()) === 0)
    expect(reports).toEqual(reported)
    silent.destroy()
  },
)

/** How many files of this blob the registry, which runs in this process, has open. */
async function openFiles(): Promise<number> {
  const handles = await readdir('/proc/self/fd')
  const targets = await Promise.all(
    handles.map((handle) => readlink(`/proc/self/fd/${handle}`).catch(() => '')),
  )
  return targets.filter((it) => it.includes(digest.slice('sha256:'.length))).length
}
