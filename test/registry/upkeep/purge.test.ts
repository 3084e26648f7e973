/** Abandoned uploads go, and only those; one process does it. */
import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { startRegistry, type TestRegistry } from '../../support/registry.ts'

const hour = 60 * 60 * 1000
const forever = new AbortController().signal

describe('purging', () => {
  let registry: TestRegistry
  beforeEach(async () => {
    registry = await startRegistry()
  })
  afterEach(() => registry.close())

  it('removes an upload that nobody has touched for longer than the age', async () => {
    const location = await begin('team/app')
    await age(location, 2 * hour)
    expect(await purge()).toEqual([{ repository: 'team/app', id: idOf(location) }])
    expect((await fetch(registry.url + location)).status).toBe(404)
  })

  it('keeps an upload that is younger, and one that was begun long ago but written to lately', async () => {
    const young = await begin('team/app')
    const busy = await begin('team/app')
    await age(busy, 2 * hour)
    await fetch(registry.url + busy, { method: 'PATCH', body: Buffer.from('more') })
    expect(await purge()).toEqual([])
    for (const location of [young, busy]) {
      expect((await fetch(registry.url + location)).status).toBe(204)
    }
  })

  it('finds uploads in repositories that hold nothing else, at any depth', async () => {
    await age(await begin('a'), 2 * hour)
    await age(await begin('a/b/c'), 2 * hour)
    expect((await purge()).map((it) => it.repository)).toEqual(['a', 'a/b/c'])
  })

  it('clears what another registry left without a start time', async () => {
    const location = await begin('team/app')
    const { storage } = registry
    const folder = `docker/registry/v2/repositories/team/app/_uploads/${idOf(location)}`
    await storage.put(`${folder}/hashstates/sha256/0`, Buffer.from('sha'))
    await storage.remove(`${folder}/startedat`)
    await storage.remove(`${folder}/state.json`)
    await utimes(join(registry.root, folder, 'hashstates/sha256/0'), 0, 0)
    expect(await purge()).toHaveLength(1)
    expect(await readdir(join(registry.root, folder, '..'))).toEqual([])
  })

  it('only tells what would go in a dry run', async () => {
    const location = await begin('team/app')
    await age(location, 2 * hour)
    expect(await purge({ dryrun: true })).toHaveLength(1)
    expect((await fetch(registry.url + location)).status).toBe(204)
  })

  it('stops between two uploads when it is told to', async () => {
    await age(await begin('team/app'), 2 * hour)
    const run = registry.purge.run({ age: hour, dryrun: false }, () => {}, AbortSignal.abort())
    await expect(run).rejects.toThrow(/abort/i)
  })

  async function purge({ dryrun = false } = {}) {
    const gone: { repository: string; id: string }[] = []
    await registry.purge.run({ age: hour, dryrun }, (upload) => gone.push(upload), forever)
    return gone
  }

  async function begin(repository: string): Promise<string> {
    const url = `${registry.url}/v2/${repository}/blobs/uploads/`
    return (await fetch(url, { method: 'POST' })).headers.get('location') ?? ''
  }

  /** Makes an upload look as if its last request had been `ago` milliseconds before now. */
  async function age(location: string, ago: number): Promise<void> {
    const path = location.replace(/^\/v2\/(.*)\/blobs\/uploads\//, '$1/_uploads/')
    const folder = join(registry.root, 'docker/registry/v2/repositories', path)
    const then = new Date(Date.now() - ago)
    for (const name of await readdir(folder)) await utimes(join(folder, name), then, then)
  }
})

const idOf = (location: string) => location.split('/').at(-1) ?? ''
