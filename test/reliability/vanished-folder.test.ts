/** The data folder goes away underneath: what it holds is not called unknown, and nothing takes its place. */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { type Answer, send } from '../support/http.ts'
import { digestOf, imageFrom } from '../support/image.ts'
import { type Kura, startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { expectStatus, manifestUrl, pullImage, pushImage, putManifest } from '../support/push.ts'
import { createRandom } from '../support/random.ts'
import { run } from '../support/run.ts'

const image = imageFrom(createRandom(1).bytes(10_000))
const [layer = Buffer.alloc(0)] = image.layers

/** How it goes, and how it comes back. */
type Way = { leave: (root: string) => Promise<unknown>; back: (root: string) => Promise<unknown> }

const ways: Record<string, Way> = {
  'is moved away': {
    leave: (root) => rename(root, `${root}.gone`),
    back: (root) => rename(`${root}.gone`, root),
  },
  'is moved away, and an empty one is in its place': {
    async leave(root) {
      await rename(root, `${root}.gone`)
      await mkdir(root)
    },
    async back(root) {
      await rm(root, { recursive: true })
      await rename(`${root}.gone`, root)
    },
  },
  'loses all it holds': {
    async leave(root) {
      await mkdir(`${root}.gone`)
      for (const name of await readdir(root)) await rename(join(root, name), `${root}.gone/${name}`)
    },
    async back(root) {
      await rm(root, { recursive: true })
      await rename(`${root}.gone`, root)
    },
  },
  'is a disk that is unmounted': {
    leave: (root) => run('umount', ['--lazy', root]),
    back: (root) => run('mount', ['--bind', `${root}.disk`, root]),
  },
}

describeWith(['linux', 'root'], 'a data folder', () => {
  const cleanup = useCleanup()

  function expectGone({ status, headers, body }: Answer): void {
    expect(status).toBe(503)
    expect(headers['retry-after']).toBeDefined()
    const [error] = JSON.parse(body.toString()).errors
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('is gone'),
    })
  }

  async function startOnDisk(): Promise<{ kura: Kura; root: string }> {
    const root = join(await cleanup.folder(), 'data')
    await mkdir(`${root}.disk`)
    await mkdir(root)
    await run('mount', ['--bind', `${root}.disk`, root])
    cleanup.add(() => run('umount', ['--lazy', root]).catch(() => {}))
    const kura = await startKura({ root })
    cleanup.add(kura.stop)
    return { kura, root }
  }

  it.each(Object.keys(ways).filter((it) => it !== 'is a disk that is unmounted'))(
    '%s: nothing of it is unknown, and it is served again once it is back',
    async (name) => {
      const root = join(await cleanup.folder(), 'data')
      const kura = await startKura({ root })
      cleanup.add(kura.stop)
      await goAndComeBack(kura, root, ways[name] as Way)
    },
  )

  it('is a disk that is unmounted: nothing is written to the folder below it', async () => {
    const { kura, root } = await startOnDisk()
    await goAndComeBack(kura, root, ways['is a disk that is unmounted'] as Way)
  })

  async function goAndComeBack(kura: Kura, root: string, { leave, back }: Way) {
    const place = { url: kura.url, repository: 'team/app' }
    await pushImage(place, 'v1', image)

    await leave(root)
    const paths = ['_catalog', 'team/app/tags/list', `team/app/blobs/${digestOf(layer)}`]
    for (const path of paths) expectGone(await send('GET', `${kura.url}/v2/${path}`))
    expectGone(await send('GET', manifestUrl(place, 'v1')))
    expectGone(await send('GET', manifestUrl(place, image.digest)))
    expectGone(await putManifest(place, 'v2', image.manifest))
    expectGone(await send('POST', `${kura.url}/v2/team/app/blobs/uploads/`))
    expectGone(await send('DELETE', manifestUrl(place, image.digest)))
    const left = await readdir(root).catch(() => [])
    expect(left).toEqual([])
    expect(kura.output()).toMatch(/the data folder .* is gone/)

    await back(root)
    expect(await pullImage(place, 'v1')).toBe(image.digest)
    expectStatus(await putManifest(place, 'v2', image.manifest), 201)
  }
})
