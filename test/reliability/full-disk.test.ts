/** The disk is full: kura says so, shows nothing half-made, and goes on once there is room again. */
import { mkdir } from 'node:fs/promises'
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

describeWith(['linux', 'root'], 'a registry on a disk of 6 MiB', () => {
  const cleanup = useCleanup()
  const random = createRandom(1)
  const tooLarge = random.bytes(8 * mebibyte)
  const fills = { body: tooLarge, headers: chunkHeaders }
  const small = imageFrom(random.bytes(10_000), random.bytes(20_000))
  let kura: Kura

  beforeAll(async () => {
    const folder = join(await cleanup.folder(), 'disk')
    await mkdir(folder)
    await run('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder])
    cleanup.add(() => run('umount', ['--lazy', folder]))
    kura = await startKura({ root: folder })
    cleanup.add(kura.stop)
    await pushImage({ url: kura.url, repository: 'before' }, 'v1', small)
  })

  const uploads = (repository: string) => `${kura.url}/v2/${repository}/blobs/uploads/`
  const place = (repository: string) => ({ url: kura.url, repository })

  function expectFull({ status, headers, body }: Answer): void {
    expect(status).toBe(507)
    expect(headers['content-type']).toBe('application/json')
    expect(JSON.parse(body.toString()).errors).toMatchObject([{ code: 'UNAVAILABLE' }])
  }

  /** Takes what is left of the disk; answers where the upload goes on. */
  async function fill(repository: string): Promise<string> {
    const upload = next(await send('POST', uploads(repository)), kura.url)
    expectFull(await send('PATCH', upload, fills))
    return upload
  }

  it('refuses a blob that does not fit, and takes smaller ones right after', async () => {
    const digest = digestOf(tooLarge)
    expectFull(await send('POST', `${uploads('large')}?digest=${digest}`, fills))
    expectStatus(await send('HEAD', `${kura.url}/v2/large/blobs/${digest}`), 404)
    expectStatus(await send('GET', `${kura.url}/v2/large/tags/list`), 404)

    await pushImage(place('after'), 'v1', small)
    expect(await pullImage(place('after'), 'v1')).toBe(small.digest)
  })

  it('keeps what fits of an upload, goes on answering pulls, and has room again once it is deleted', async () => {
    const upload = await fill('large')
    const received = receivedBytes(await send('GET', upload))
    expect(received).toBeGreaterThan(0)
    expect(received).toBeLessThan(tooLarge.length)
    expectFull(await send('PUT', `${upload}?digest=${digestOf(tooLarge)}`, fills))
    expect(await pullImage(place('before'), 'v1')).toBe(small.digest)

    expectStatus(await send('DELETE', upload), 204)
    const other = imageFrom(random.bytes(mebibyte))
    await pushImage(place('after'), 'v2', other)
    expect(await pullImage(place('after'), 'v2')).toBe(other.digest)
  })

  it('leaves a tag as it was when the manifest that should replace it does not fit', async () => {
    const upload = await fill('large')
    const manifest = JSON.parse(small.manifest.toString())
    const annotations = { padding: 'x'.repeat(100_000) }
    const padded = Buffer.from(JSON.stringify({ ...manifest, annotations }))
    expectFull(await putManifest(place('before'), 'v1', padded))
    expect(await pullImage(place('before'), 'v1')).toBe(small.digest)
    expectStatus(await send('GET', manifestUrl(place('before'), digestOf(padded))), 404)

    expectStatus(await send('DELETE', upload), 204)
    expectStatus(await putManifest(place('before'), 'v1', padded), 201)
    expect(await pullImage(place('before'), 'v1')).toBe(digestOf(padded))
  })

  it('never answers 500', () => {
    expect(kura.output()).not.toMatch(/HTTP\/1.1" 500/)
  })
})
