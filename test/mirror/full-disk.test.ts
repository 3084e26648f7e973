/** A mirror whose disk is full goes on serving what it has, and fetches again once there is room. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { digestOf, imageFrom } from '../support/image.ts'
import { describeWith } from '../support/programs.ts'
import { manifestUrl, pullImage, pushImage } from '../support/push.ts'
import { run } from '../support/run.ts'
import { pushRandom, urlOf } from './support/blobs.ts'
import { startNode } from './support/node.ts'
import { startUpstream } from './support/upstream.ts'

describeWith(['docker-registry', 'linux', 'root'], 'a mirror on a full disk', () => {
  const cleanup = useCleanup()

  it('serves what it has, says 507 for the rest, and fetches that once there is room', async () => {
    const upstream = await startUpstream(cleanup)
    const image = imageFrom(Buffer.from('small'))
    await pushImage({ url: upstream.registry.url, repository: 'app' }, 'v1', image)
    const { digest } = await pushRandom(upstream)
    const root = join(await cleanup.folder(), 'disk')
    await mkdir(root)
    await run('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', root])
    cleanup.add(() => run('umount', ['--lazy', root]))
    const node = await startNode(cleanup, { root, upstream })
    const here = { url: node.url, repository: 'up/app' }
    await pullImage(here, 'v1')

    const filler = join(root, 'filler')
    await expect(writeFile(filler, Buffer.alloc(13_000_000))).rejects.toThrow('ENOSPC')
    expect(await pullImage(here, 'v1')).toBe(image.digest)
    expect(await pullImage(here, image.digest)).toBe(image.digest)
    upstream.fail(500)
    const stale = await send('GET', manifestUrl(here, 'v1'))
    expect([stale.status, stale.headers.warning]).toEqual([200, expect.stringContaining('110 ')])
    upstream.heal()
    const refused = await send('GET', urlOf(node, digest))
    expect(refused.status).toBe(507)

    await rm(filler)
    const fetched = await send('GET', urlOf(node, digest))
    expect(digestOf(fetched.body)).toBe(digest)
  })
})
