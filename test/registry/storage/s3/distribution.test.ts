/** A bucket changes hands: what Debian's registry:2 wrote into it kura serves, and the other way round. */
import { randomBytes, randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { openStorage } from '../../../../registry/storage/open.ts'
import type { S3Options } from '../../../../registry/storage/s3/options.ts'
import { type Ceph, startCeph } from '../../../support/ceph.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { send } from '../../../support/http.ts'
import { imageFrom } from '../../../support/image.ts'
import { testCarrier } from '../../../support/parts.ts'
import { findFreePort } from '../../../support/ports.ts'
import { describeWith } from '../../../support/programs.ts'
import { pullImage, pushImage } from '../../../support/push.ts'
import { startRegistry } from '../../../support/registry.ts'
import { startService } from '../../../support/service.ts'
import { makeBucket, s3Options } from './started.ts'

describeWith(['docker-registry'], 'one bucket, two registries', () => {
  const cleanup = useCleanup()
  let ceph: Ceph
  beforeAll(async () => {
    ceph = await startCeph(cleanup)
    await makeBucket(ceph.endpoint)
  })

  // The second layer takes several parts of either.
  const image = imageFrom(randomBytes(1000), randomBytes(24 * 1024 * 1024))
  const other = imageFrom(randomBytes(70_000))

  const signatures: [v4auth: boolean, rootdirectory: string][] = [
    [true, '/'],
    [true, '/some/where/'],
    [false, randomUUID()],
  ]
  it.each(signatures)('v4auth %s, root %s', async (v4auth, rootdirectory) => {
    const options = s3Options(ceph.endpoint, { v4auth, rootdirectory })
    const theirs = { url: await startTheirs(options), repository: 'team/app' }
    await pushImage(theirs, 'theirs', image)
    const ours = { url: await startOurs(options), repository: 'team/app' }
    expect(await pullImage(ours, 'theirs')).toBe(image.digest)

    await pushImage(ours, 'ours', other)
    expect(await pullImage(theirs, 'ours')).toBe(other.digest)
    const again = { ...ours, repository: 'new/app' }
    await pushImage(again, 'copy', image)
    expect(await pullImage({ ...again, url: theirs.url }, 'copy')).toBe(image.digest)

    for (const url of [ours.url, theirs.url]) {
      const tags = await send('GET', `${url}/v2/team/app/tags/list`)
      expect(JSON.parse(tags.body.toString()).tags).toEqual(['ours', 'theirs'])
      const catalog = await send('GET', `${url}/v2/_catalog`)
      expect(JSON.parse(catalog.body.toString()).repositories).toEqual(['new/app', 'team/app'])
    }
  })

  async function startOurs(options: S3Options): Promise<string> {
    const { driver, placing } = await openStorage({ driver: 's3', ...options })
    const { url, close } = await startRegistry({
      storage: driver,
      bucket: placing && { placing, carrier: testCarrier },
      topology: 'whole',
    })
    cleanup.add(close)
    return url
  }

  async function startTheirs(options: S3Options): Promise<string> {
    const host = `127.0.0.1:${await findFreePort()}`
    const file = join(await cleanup.folder(), 'config.yml')
    const { bucket, accesskey, secretkey, regionendpoint, v4auth, rootdirectory } = options
    const s3 = { bucket, accesskey, secretkey, regionendpoint, v4auth, rootdirectory }
    const storage = {
      s3: { ...s3, region: 'us-east-1', secure: false },
      redirect: { disable: true },
    }
    await writeFile(file, JSON.stringify({ version: '0.1', storage, http: { addr: host } }))
    const service = await startService({
      command: 'docker-registry',
      args: ['serve', file],
      env: { PATH: process.env.PATH, HOME: '/nonexistent' },
      ready: /listening on/,
    })
    cleanup.add(service.stop)
    return `http://${host}`
  }
})
