/** A bucket and a cluster, with the files that docs/storage.md and docs/cluster.md show. */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { makeBucket } from '../registry/storage/s3/started.ts'
import { type Ceph, cephKeys, startCeph } from '../support/ceph.ts'
import { useCleanup } from '../support/cleanup.ts'
import { imageOf } from '../support/image.ts'
import { startKura } from '../support/kura.ts'
import { blockOf } from '../support/pages.ts'
import { findFreePort } from '../support/ports.ts'
import { describeWith } from '../support/programs.ts'
import { pullImage, pushImage } from '../support/push.ts'
import { useRedis } from '../support/redis.ts'

const services = ['ceph-mon', 'ceph-osd', 'radosgw', 'setpriv', 'redis-server'] as const

describeWith([...services], 'a bucket, as the pages say', () => {
  const cleanup = useCleanup()
  const image = imageOf({ hello: 'hello from the test' })
  let ceph: Ceph
  let single: string

  beforeAll(async () => {
    ceph = await startCeph(cleanup)
    single = yaml('docs/storage.md', 'Other services', {})
  }, 60_000)

  const yaml = (page: string, heading: string, more: Record<string, string>) =>
    blockOf(page, heading, {
      language: 'yaml',
      instead: {
        'https://s3.example:9000': ceph.endpoint,
        AKEXAMPLE: cephKeys.accesskey,
        'example-secret': cephKeys.secretkey,
        'bucket: images': 'bucket: registry',
        ...more,
      },
    })

  async function start(config: string, command: string, more: NodeJS.ProcessEnv = {}) {
    const kura = await startKura({
      config,
      args: [command, 'config.yml'],
      env: {
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: undefined,
        REGISTRY_KURA_PROCESSES: '1',
        ...more,
      },
    })
    cleanup.add(kura.destroy)
    return kura
  }

  it('has to be there, and serves', async () => {
    await expect(start(single, 'serve')).rejects.toThrow('it has no such bucket')
    await makeBucket(ceph.endpoint)
    const kura = await start(single, 'serve', { REGISTRY_STORAGE_REDIRECT_DISABLE: 'true' })
    await kura.said(/storage\.s3 without redis: no other machine may serve this storage/)
    await pushImage({ url: kura.url, repository: 'team/app' }, 'v1', image)
    await kura.destroy()
  })

  it('is shared by gateways and workers that read one file', async () => {
    const { port } = await useRedis(cleanup)
    const htpasswd = join(await cleanup.folder(), 'htpasswd')
    await writeFile(htpasswd, '')
    const workers = [await findFreePort(), await findFreePort()]
    const config = yaml('docs/cluster.md', 'Several machines', {
      'redis:6379': `127.0.0.1:${port}`,
      '<openssl rand -hex 32>': randomBytes(32).toString('hex'),
      '10.0.0.21:5001': `127.0.0.1:${workers[0]}`,
      '10.0.0.22:5001': `127.0.0.1:${workers[1]}`,
      // The clients of the tests show no password.
      'auth:\n  htpasswd: { realm: kura, path: /etc/kura/htpasswd }\n': '',
    })
    const [worker, gateway] = blockOf('docs/cluster.md', 'Several machines').trim().split('\n')
    expect([worker, gateway]).toEqual([
      'kura worker /etc/kura/config.yml',
      'kura gateway /etc/kura/config.yml',
    ])
    const startWorker = (own: number) =>
      start(config, 'worker', { REGISTRY_KURA_WORKERS_LISTEN: `127.0.0.1:${own}` })
    await Promise.all(workers.map(startWorker))
    const gateways = await Promise.all([start(config, 'gateway'), start(config, 'gateway')])
    const [one, other] = gateways.map(({ url }) => ({ url, repository: 'team/cluster' }))
    if (!one || !other) throw new Error('there are two gateways')
    await pushImage(one, 'v1', image)
    expect(await pullImage(other, 'v1')).toBe(image.digest)
    for (const each of gateways) {
      // The login was taken out of the page's file above, and only of that there is a warning.
      const troubles = each.output().match(/.*level=(?:warning|error).*/g)
      expect(troubles).toEqual([
        expect.stringContaining('everyone who reaches it may do everything'),
      ])
    }
  })
})
