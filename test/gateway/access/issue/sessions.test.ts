/** The records of sessions: what is in them, when they go, and that there are never too many. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { createSessions } from '../../../../gateway/access/issue/sessions.ts'
import { useCleanup } from '../../../support/cleanup.ts'

const cleanup = useCleanup()
const ann = { user: 'ann', client: 'docker', address: '192.0.2.7', fingerprint: 'of ann' }
const hence = (seconds: number) => Math.floor(Date.now() / 1000) + seconds

async function open(most?: number) {
  const folder = join(await cleanup.folder(), 'sessions')
  const reports: string[] = []
  const report = (error: unknown) => void reports.push(String(error))
  const options = { folder, report, ...(most !== undefined && { most }) }
  return { sessions: createSessions(options), other: createSessions(options), folder, reports }
}

describe('a session', () => {
  it('is known to every process, until one of them ends it', async () => {
    const { sessions, other } = await open()
    expect(await sessions.list()).toEqual([])
    const key = await sessions.begin(ann, hence(60))
    const bob = await sessions.begin({ ...ann, user: 'bob' }, hence(60))
    expect(await other.isThere(key)).toBe(true)
    expect(await other.list()).toMatchObject([ann, { user: 'bob' }])
    expect(await other.endAll('ann')).toBe(1)
    expect(await sessions.isThere(key)).toBe(false)
    expect(await sessions.isThere(bob)).toBe(true)
    expect(await sessions.endAll('ann')).toBe(0)
  })

  it('is a file that only the server can read, with nothing to sign in with', async () => {
    const { sessions, folder } = await open()
    await sessions.begin(ann, hence(60))
    const [name = ''] = await readdir(folder)
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
    const written = JSON.parse(await readFile(join(folder, name), 'utf8'))
    const times = { startedAt: expect.any(String), expiresAt: expect.any(String) }
    expect(written).toEqual({ ...ann, ...times })
  })

  it('that is over is not listed, and goes with the next one', async () => {
    const { sessions, folder } = await open()
    await sessions.begin(ann, hence(-10))
    expect(await sessions.list()).toEqual([])
    expect(await readdir(folder)).toHaveLength(1)
    await sessions.begin({ ...ann, user: 'bob' }, hence(60))
    expect(await readdir(folder)).toHaveLength(1)
  })

  it('ends where its user begins too many, and no other user’s does', async () => {
    const { sessions, folder } = await open(3)
    const bob = await sessions.begin({ ...ann, user: 'bob' }, hence(60))
    const made = []
    for (const seconds of [70, 71, 72, 73, 74]) made.push(await sessions.begin(ann, hence(seconds)))
    expect(await Promise.all(made.map(sessions.isThere))).toEqual([false, false, true, true, true])
    expect(await sessions.isThere(bob)).toBe(true)
    expect(await readdir(folder)).toHaveLength(4)
  })

  it('whose file is damaged is not there, and takes no other with it', async () => {
    const { sessions, folder, reports } = await open()
    const key = await sessions.begin(ann, hence(60))
    const [name = ''] = await readdir(folder)
    await writeFile(join(folder, name), '{')
    expect(await sessions.isThere(key)).toBe(false)
    await sessions.begin(ann, hence(60))
    expect(await sessions.list()).toHaveLength(1)
    expect(reports[0]).toMatch(/is not the file of a session$/)
  })
})
