/**
 * S3 as a storage: Ceph's RADOS gateway on this machine, one for all, with a bucket for each peer; and
 * a Redis, in which each remembers what it does.
 */
import { join } from 'node:path'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import { cephKeys, startCeph } from '../test/support/ceph.ts'
import { startRedis } from '../test/support/redis.ts'
import { run } from '../test/support/run.ts'
import { startProxy } from './round-trips/proxy.ts'
import type { Stage } from './stage.ts'
import { large, type Storage } from './storage.ts'

const region = 'us-east-1'

export async function openBucket(
  stage: Stage,
  { awayMs }: { awayMs?: number } = {},
): Promise<(peer: string) => Promise<Storage>> {
  const { port, open } = await openService(stage)
  const { endpoint } = awayMs ? await startProxy(stage, { port, awayMs }) : {}
  const withRedis = await openRedis(stage)
  return async (peer) => withRedis(await open(peer, endpoint))
}

/** One for all, as all keep apart what they put there. */
export async function openRedis(stage: Stage): Promise<(storage: Storage) => Storage> {
  const redis = await startRedis()
  stage.add(redis.destroy)
  const beside = `redis: { addr: '127.0.0.1:${redis.port}' }\n`
  return ({ config, ...storage }) => ({
    ...storage,
    config: `${config}\n  cache: { blobdescriptor: redis }`,
    beside,
  })
}

/** `endpoint` of `open` is where the registry finds the service, if that is not where it really is. */
export async function openService(stage: Stage) {
  const folder = await stage.folder()
  // Where its settings lie is not told otherwise, and its own tool needs them.
  const ceph = await startCeph({ add: stage.add, folder: async () => folder })
  const settings = ['-c', join(folder, 'ceph.conf')]
  const { accesskey: accessKeyId, secretkey: secretAccessKey } = cephKeys
  const client = new S3Client({
    region,
    endpoint: ceph.endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  })
  stage.add(async () => client.destroy())

  async function open(bucket: string, endpoint = ceph.endpoint): Promise<Storage> {
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    return {
      config: configOf(bucket, endpoint),
      async removeLarge() {
        for (const key of await largeKeys(bucket)) {
          await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
        }
        // The gateway keeps what is removed for hours, in memory that the next turn needs.
        await run('radosgw-admin', [...settings, 'gc', 'process', '--include-all'])
      },
    }
  }

  async function largeKeys(bucket: string): Promise<string[]> {
    const keys: string[] = []
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
      const found = Contents.filter(({ Size = 0 }) => Size >= large)
      keys.push(...found.map(({ Key = '' }) => Key))
    }
    return keys
  }

  return { port: ceph.port, open }
}

function configOf(bucket: string, endpoint: string): string {
  const settings = {
    bucket,
    region,
    regionendpoint: endpoint,
    ...cephKeys,
    forcepathstyle: true,
    v4auth: true,
    secure: false,
  }
  return `s3: ${JSON.stringify(settings)}`
}
