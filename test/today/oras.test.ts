/** oras pushes artifacts, attaches others to them, and finds, copies and removes what is attached. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import type { Kura } from '../support/kura.ts'
import { startKuraHere } from '../support/place.ts'
import { describeWith } from '../support/programs.ts'
import { run } from '../support/run.ts'

type Found = { referrers: { artifactType: string; reference: string }[] }

const plain = '--plain-http'

describeWith(['oras'], 'oras', () => {
  const cleanup = useCleanup()
  let kura: Kura
  let folder: string

  beforeAll(async () => {
    kura = await startKuraHere(cleanup)
    folder = await cleanup.folder()
    for (const name of ['chart', 'bill', 'report']) await writeFile(join(folder, name), name)
    await oras('push', plain, `${kura.host}/team/chart:v1`, 'chart:text/plain')
  }, 120_000)

  function oras(...args: string[]): Promise<string> {
    const env = { PATH: process.env.PATH, HOME: folder }
    return run('oras', args, { cwd: folder, env })
  }

  const attach = (to: string, type: string, file: string) =>
    oras('attach', plain, '--artifact-type', type, to, `${file}:text/plain`)
  const discover = async (name: string, ...options: string[]) =>
    JSON.parse(await oras('discover', plain, '--format', 'json', ...options, name)) as Found

  it('finds what was attached, all of it and by its type', async () => {
    const chart = `${kura.host}/team/chart:v1`
    await attach(chart, 'application/example.bill', 'bill')
    await attach(chart, 'application/example.report', 'report')

    const { referrers } = await discover(chart)
    const types = referrers.map((it) => it.artifactType).sort()
    expect(types).toEqual(['application/example.bill', 'application/example.report'])
    const bills = await discover(chart, '--artifact-type', 'application/example.bill')
    expect(bills.referrers).toHaveLength(1)
  })

  it('copies an artifact with what is attached to it, and pulls it back', async () => {
    const copy = `${kura.host}/elsewhere/chart:v1`
    await oras(
      'copy',
      '--recursive',
      '--from-plain-http',
      '--to-plain-http',
      `${kura.host}/team/chart:v1`,
      copy,
    )
    expect((await discover(copy)).referrers).toHaveLength(2)

    await mkdir(join(folder, 'back'))
    await oras('pull', plain, '--output', 'back', copy)
    expect(await run('cat', [join(folder, 'back/chart')])).toBe('chart')
  })

  it('removes what is attached, which is then not found any more', async () => {
    const chart = `${kura.host}/elsewhere/chart:v1`
    const [first] = (await discover(chart)).referrers
    await oras('manifest', 'delete', '--force', plain, first?.reference ?? '')
    const left = (await discover(chart)).referrers.map((it) => it.reference)
    expect(left).toHaveLength(1)
    expect(left).not.toContain(first?.reference)
  })

  it('lists repositories and tags, page by page', async () => {
    for (const tag of ['v2', 'v3']) await oras('tag', plain, `${kura.host}/team/chart:v1`, tag)
    const tags = await oras('repo', 'tags', plain, `${kura.host}/team/chart`)
    expect(tags.trim().split('\n')).toEqual(['v1', 'v2', 'v3'])
    const names = await oras('repo', 'ls', plain, kura.host)
    expect(names.trim().split('\n')).toEqual(['elsewhere/chart', 'team/chart'])
  })
})
