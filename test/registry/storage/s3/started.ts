/** A bucket at the service that tests have started, and the settings with which kura opens it. */
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { S3Options } from '../../../../registry/storage/s3/options.ts'
import { cephKeys } from '../../../support/ceph.ts'

const bucket = 'registry'

/** As the configuration has them when only the place is given, but in small parts. */
export function s3Options(endpoint: string, changes: Partial<S3Options> = {}): S3Options {
  const partSize = 5 * 1024 * 1024
  return {
    ...cephKeys,
    bucket,
    regionendpoint: endpoint,
    forcepathstyle: true,
    encrypt: false,
    secure: true,
    skipverify: false,
    v4auth: true,
    chunksize: partSize,
    multipartcopychunksize: partSize,
    multipartcopymaxconcurrency: 100,
    multipartcopythresholdsize: partSize,
    storageclass: 'STANDARD',
    objectacl: 'private',
    usedualstack: false,
    accelerate: false,
    usefipsendpoint: false,
    loglevel: 'off',
    ...changes,
  }
}

export function rawClient(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: cephKeys.accesskey, secretAccessKey: cephKeys.secretkey },
  })
}

/** The first object of each kind makes Ceph set up where they go, which takes seconds. */
export async function makeBucket(endpoint: string): Promise<void> {
  const client = rawClient(endpoint)
  const [Bucket, Key] = [bucket, 'first']
  await client.send(new CreateBucketCommand({ Bucket }))
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
  await client.send(new DeleteObjectCommand({ Bucket, Key }))
  client.destroy()
}
