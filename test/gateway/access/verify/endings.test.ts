/** The end of a user's tokens is known to every process, and never forgotten because of a fault. */
import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { openEndings } from '../../../../gateway/access/verify/endings.ts'
import { useCleanup } from '../../../support/cleanup.ts'

const cleanup = useCleanup()

async function open(given?: string) {
  const folder = given ?? join(await cleanup.folder(), 'kura')
  const reports: string[] = []
  const report = (error: unknown) => void reports.push(String(error))
  return { endings: await openEndings({ folder, report, checkMs: 0 }), folder, reports }
}

it('an ending is known to other processes, and to the next start', async () => {
  const { endings, folder } = await open()
  const other = await open(folder)
  expect(await other.endings.markOf('ann')).toBeUndefined()
  await endings.end('ann')
  const first = await other.endings.markOf('ann')
  expect(first).toMatch(/^[\w-]{36}$/)
  expect(await (await open(folder)).endings.markOf('ann')).toBe(first)
  expect(await other.endings.markOf('bob')).toBeUndefined()
  expect(await other.endings.markOf('constructor')).toBeUndefined()

  await other.endings.end('ann')
  await other.endings.end('bob')
  const second = await endings.markOf('ann')
  expect(second).not.toBe(first)
  expect(await endings.markOf('bob')).not.toBe(second)
  expect(await readdir(folder)).toEqual(['ended.json'])
  expect((await stat(join(folder, 'ended.json'))).mode & 0o777).toBe(0o600)
})

it.each([
  ['is removed', (path: string) => rm(path)],
  ['is damaged', (path: string) => rm(path).then(() => writeFile(path, '{'))],
])('a record that %s while kura runs still counts, and is spoken of', async (_what, harm) => {
  const { endings, folder, reports } = await open()
  await endings.end('ann')
  const mark = await endings.markOf('ann')
  await harm(join(folder, 'ended.json'))
  expect(await endings.markOf('ann')).toBe(mark)
  expect(reports).toHaveLength(1)
  expect(reports[0]).toContain('ended.json')
})

it('a record that cannot be read stops the start, and is not written over', async () => {
  const { folder, endings } = await open()
  await writeFile(join(folder, 'ended.json'), '{"users":[]}')
  await expect(open(folder)).rejects.toThrow(/ended.json does not say whose tokens were ended/)
  await expect(endings.end('ann')).rejects.toThrow(/does not say whose/)
})
