/** One bucket: how to ask for it, which key a path has in it, and how what is written there is kept. */
import type { Agent } from 'node:http'
import type { ObjectCannedACL, PutObjectCommandInput, StorageClass } from '@aws-sdk/client-s3'
import { type Report, type S3Options, usualLimits } from './options.ts'
import { prepareForBulk } from './wire/bulk.ts'
import { createAgent, createClients, limitsOf } from './wire/client.ts'
import { createSender } from './wire/sender.ts'

export type S3Bucket = ReturnType<typeof createBucket>

const mebibyte = 1024 * 1024
/** No part but the last may be smaller. */
const smallestPart = 5 * mebibyte
/** The most that S3 promises to copy in one step. */
const largestCopy = 5 * 1024 * mebibyte
/**
 * Ceph's gateway copies in one step without moving a byte, and in parts byte for byte. It makes itself
 * known by this header of what is read.
 */
const cephsOwn = 'x-rgw-object-type'

export function createBucket(options: S3Options, report: Report) {
  const root = (options.rootdirectory ?? '').replace(/^\/+|\/+$/g, '')
  const key = (path: string) => [root, path].filter(Boolean).join('/')

  const clients = createClients(options, report)
  const writing = writingOf(options)
  const agents = {
    quick: createAgent(options),
    slow: createAgent(options),
    reading: prepareForBulk(createAgent(options)),
  }
  let isCeph = false
  const senderOf = (kind: 'quick' | 'slow', agent: Agent) => {
    const limits = limitsOf(options)[kind]
    const client = clients[kind]
    const { send } = createSender({ client, agent, limits, settings: options, writing, report })
    return async (...call: Parameters<typeof send>) => {
      const answer = await send(...call)
      isCeph ||= cephsOwn in answer.headers
      return answer
    }
  }

  return {
    ...clients,
    /** For single objects: what is answered at once, what is sent in bulk, and what is read in bulk. */
    send: {
      quick: senderOf('quick', agents.quick),
      slow: senderOf('slow', agents.slow),
      reading: senderOf('slow', agents.reading),
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy()
      for (const client of Object.values(clients)) client.destroy()
    },
    name: options.bucket,
    key,
    at: (path: string) => ({ Bucket: options.bucket, Key: key(path) }),
    /** The beginning of all keys in a folder. */
    prefix: (folder: string) => (key(folder) ? `${key(folder)}/` : ''),
    /** For CopyObject and its like. */
    source: (path: string) =>
      [options.bucket, ...key(path).split('/')].map(encodeURIComponent).join('/'),
    writing,
    partSize: Math.max(options.chunksize, smallestPart),
    copies: {
      threshold: Math.min(options.multipartcopythresholdsize, largestCopy),
      areByReference: () => isCeph,
      partSize: Math.min(Math.max(options.multipartcopychunksize, smallestPart), largestCopy),
      atOnce: options.multipartcopymaxconcurrency,
    },
    limits: options.limits ?? usualLimits,
  }
}

type Writing = Pick<
  PutObjectCommandInput,
  'ACL' | 'ContentType' | 'ServerSideEncryption' | 'SSEKMSKeyId' | 'StorageClass'
>

function writingOf({ objectacl, storageclass, encrypt, keyid }: S3Options): Writing {
  const wanted = storageclass.toUpperCase()
  return {
    ACL: objectacl as ObjectCannedACL,
    ContentType: 'application/octet-stream',
    ...(wanted !== 'NONE' && { StorageClass: wanted as StorageClass }),
    ...(encrypt && { ServerSideEncryption: keyid ? 'aws:kms' : 'AES256' }),
    ...(encrypt && keyid && { SSEKMSKeyId: keyid }),
  }
}
