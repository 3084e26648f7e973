/** An object made of parts: nobody sees it before all of them are there and it is completed. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import type { ByteRange } from '../../../protocol/range.ts'
import type { Fence } from '../../driver.ts'
import type { S3Bucket } from '../bucket.ts'
import { absentIfMissing, failureOf } from '../errors.ts'
import { underFence } from '../wire/fence.ts'

export type Multipart = Awaited<ReturnType<typeof beginMultipart>>

const mostParts = 10_000

export async function beginMultipart(bucket: S3Bucket, path: string) {
  const begun = await bucket.quick.send(
    new CreateMultipartUploadCommand({ ...bucket.at(path), ...bucket.writing }),
  )
  const upload = { ...bucket.at(path), UploadId: begun.UploadId }
  const tags = new Map<number, string | undefined>()

  return {
    /** Parts are numbered from 1, and may come in any order. */
    async send(number: number, bytes: Uint8Array): Promise<void> {
      if (number > mostParts) throw new Error(tooMany(path, bucket.partSize))
      const query = { partNumber: `${number}`, uploadId: begun.UploadId ?? '' }
      const wanted = { key: bucket.key(path), query, body: bytes }
      tags.set(number, (await bucket.send.slow('UploadPart', wanted)).headers.etag)
    },

    /** A part of what is stored already, without its bytes coming here. */
    async copy(number: number, from: string, { first, last }: ByteRange): Promise<void> {
      const command = new UploadPartCopyCommand({
        ...upload,
        PartNumber: number,
        CopySource: bucket.source(from),
        CopySourceRange: `bytes=${first}-${last}`,
      })
      tags.set(number, (await bucket.slow.send(command)).CopyPartResult?.ETag)
    },

    /** Rejects unless an object of `size` bytes is there afterwards. */
    async complete(size: number, fence?: Fence): Promise<void> {
      const numbers = [...tags.keys()].sort((one, other) => one - other)
      const Parts = numbers.map((PartNumber) => ({ PartNumber, ETag: tags.get(PartNumber) }))
      const command = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } })
      try {
        await bucket.slow.send(underFence(command, fence))
      } catch (error) {
        // An answer that got lost: the request was sent again, when there was nothing left to do.
        if (failureOf(error).status !== 404) throw error
        const found = await absentIfMissing(
          bucket.quick.send(new HeadObjectCommand(bucket.at(path))),
        )
        if (found?.ContentLength !== size) throw error
      }
    },

    /** Gives back the room. That it fails is no reason to hide what went wrong before. */
    async abort(): Promise<void> {
      await bucket.quick.send(new AbortMultipartUploadCommand(upload)).catch(() => {})
    },
  }
}

function tooMany(path: string, partSize: number): string {
  const found = `${path} has more than ${mostParts} parts of ${partSize} bytes`
  return `${found}: set storage.s3.chunksize (REGISTRY_STORAGE_S3_CHUNKSIZE) to more`
}
