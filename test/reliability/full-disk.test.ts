/** The disk is full: kura says so, shows nothing half-made, and goes on once there is room again. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { type Answer, next, receivedBytes, send } from '../support/http.ts'
import { digestOf, imageFrom } from '../support/image.ts'
import { type Kura, startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import {
  chunkHeaders,
  expectStatus,
  manifestUrl,
  pullImage,
  pushImage,
  putManifest,
} from '../support/push.ts'
import { createRandom } from '../support/random.ts'
import { run } from '../support/run.ts'

const mebibyte = 1024 * 1024
/** With a line for each request, which shows the status of its answer. */
const env = { REGISTRY_LOG_FORMATTER: 'text' }

describeWith(['linux', 'root'], 'a registry on a disk of 6 MiB', () => {
  const cleanup = useCleanup()
  const random = createRandom(1)
  const tooLarge = random.bytes(8 * mebibyte)
  const fills = { body: tooLarge, headers: chunkHeaders }
  const small = imageFrom(random.bytes(10_000), random.bytes(20_000))
  let kura: Kura
  let folder: string

  beforeAll(async () => {
    folder = join(await cleanup.folder(), 'disk')
    await mkdir(folder)
    await run('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder])
    cleanup.add(() => run('umount', ['--lazy', folder]))
    kura = await startKura({ root: folder, env })
    cleanup.add(() => kura.stop())
    await pushImage({ url: kura.url, repository: 'before' }, 'v1', small)
  })

  const uploads = (repository: string) => `${kura.url}/v2/${repository}/blobs/uploads/`
  const place = (repository: string) => ({ url: kura.url, repository })

  function expectFull({ status, headers, body }: Answer): void {
    expect(status).toBe(507)
    expect(headers['content-type']).toBe('application/json')
    expect(JSON.parse(body.toString()).errors).toMatchObject([{ code: 'UNAVAILABLE' }])
  }

  /** Takes what is left of the disk; answers the file that does. */
  async function fill(): Promise<string> {
    const filler = join(folder, 'filler')
    await expect(writeFile(filler, tooLarge)).rejects.toThrow('ENOSPC')
    return filler
  }

  it('refuses a blob that does not fit, and takes smaller ones right after', async () => {
    const digest = digestOf(tooLarge)
    expectFull(await send('POST', `${uploads('large')}?digest=${digest}`, fills))
    expectStatus(await send('HEAD', `${kura.url}/v2/large/blobs/${digest}`), 404)
    expectStatus(await send('GET', `${kura.url}/v2/large/tags/list`), 404)

    await pushImage(place('after'), 'v1', small)
    expect(await pullImage(place('after'), 'v1')).toBe(small.digest)
  })

  it('keeps nothing of a chunk that did not fit, and all that was acknowledged before', async () => {
    const begun = next(await send('POST', uploads('large')), kura.url)
    const first = random.bytes(mebibyte)
    const upload = next(
      await send('PATCH', begun, { body: first, headers: chunkHeaders }),
      kura.url,
    )
    expectFull(await send('PATCH', upload, fills))
    expect(receivedBytes(await send('GET', upload))).toBe(first.length)
    expectFull(await send('PUT', `${upload}?digest=${digestOf(tooLarge)}`, fills))
    expect(await pullImage(place('before'), 'v1')).toBe(small.digest)

    // Nobody had to make room for this.
    const other = imageFrom(random.bytes(mebibyte))
    await pushImage(place('after'), 'v2', other)
    expect(await pullImage(place('after'), 'v2')).toBe(other.digest)
    expectStatus(await send('DELETE', upload), 204)
  })

  it('leaves a tag as it was when the manifest that should replace it does not fit', async () => {
    const filler = await fill()
    const manifest = JSON.parse(small.manifest.toString())
    const annotations = { padding: 'x'.repeat(100_000) }
    const padded = Buffer.from(JSON.stringify({ ...manifest, annotations }))
    expectFull(await putManifest(place('before'), 'v1', padded))
    expect(await pullImage(place('before'), 'v1')).toBe(small.digest)
    expectStatus(await send('GET', manifestUrl(place('before'), digestOf(padded))), 404)

    await rm(filler)
    expectStatus(await putManifest(place('before'), 'v1', padded), 201)
    expect(await pullImage(place('before'), 'v1')).toBe(digestOf(padded))
  })

  it('starts again, serves pulls, refuses pushes, and says so, until there is room', async () => {
    await kura.stop()
    const filler = await fill()
    kura = await startKura({ root: folder, env })
    expect(kura.output()).toMatch(/level=warning msg="the disk of the data folder \S+ is full/)
    expect(await pullImage(place('after'), 'v1')).toBe(small.digest)
    const begun = await send('POST', uploads('large'))
    expectFull(begun.status === 507 ? begun : await send('PATCH', next(begun, kura.url), fills))
    expectStatus(await send('DELETE', manifestUrl(place('after'), 'v2')), 202)

    await rm(filler)
    await pushImage(place('again'), 'v1', small)
    expect(await pullImage(place('again'), 'v1')).toBe(small.digest)
  })

  it('never answers 500', () => {
    expect(kura.output()).not.toMatch(/HTTP\/1.1" 500/)
  })
})

describeWith(['linux', 'root'], 'the full volume of a registry:2', () => {
  const cleanup = useCleanup()
  const random = createRandom(2)
  const image = imageFrom(random.bytes(1000))

  it('serves pulls and refuses pushes before kura has found room for a folder of its own', async () => {
    const folder = join(await cleanup.folder(), 'disk')
    await mkdir(folder)
    await run('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder])
    cleanup.add(() => run('umount', ['--lazy', folder]))
    const before = await startKura({ root: folder, env })
    await pushImage({ url: before.url, repository: 'app' }, 'v1', image)
    await before.stop()
    await rm(join(folder, 'kura'), { recursive: true })
    const paths = await readdir(folder, { recursive: true })
    const limit = (inodes: number) => run('mount', ['-o', `remount,nr_inodes=${inodes}`, folder])
    // And one for the folder itself.
    await limit(paths.length + 1)

    const kura = await startKura({ root: folder, env })
    cleanup.add(() => kura.stop())
    const place = { url: kura.url, repository: 'app' }
    expect(kura.output()).toMatch(/level=warning msg="the disk of the data folder \S+ is full/)
    expect(await pullImage(place, 'v1')).toBe(image.digest)
    expectStatus(await putManifest(place, 'v2', image.manifest), 507)

    await limit(10_000)
    await pushImage(place, 'v2', image)
    expect(await pullImage(place, 'v2')).toBe(image.digest)
    // The leases have ways, as they have where there was room from the start.
    expect(await readdir(join(folder, 'kura'))).toEqual(expect.arrayContaining(['leases', 'ways']))
  })
})
