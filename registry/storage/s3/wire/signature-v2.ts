/**
 * Signing requests with version 2 of Amazon's signature, for older services of other makers. The SDK
 * only knows version 4 and lets another signer take its place.
 */
import { createHmac } from 'node:crypto'
import type { S3ClientConfig } from '@aws-sdk/client-s3'
import type { S3Options } from '../options.ts'

type Signer = Exclude<NonNullable<S3ClientConfig['signer']>, (...args: never[]) => unknown>
type Request = Parameters<Signer['sign']>[0]
type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined }

/** The parameters that are part of what is signed; all others are not. */
const subresources = new Set([
  'acl',
  'cors',
  'delete',
  'lifecycle',
  'location',
  'logging',
  'notification',
  'partNumber',
  'policy',
  'requestPayment',
  'restore',
  'tagging',
  'torrent',
  'uploadId',
  'uploads',
  'versionId',
  'versioning',
  'versions',
  'website',
])

export function createSignerV2(options: S3Options, keys: () => Promise<Keys>): Signer {
  // With the bucket in the host name it is missing in the path, but not in what is signed.
  const start = options.forcepathstyle ? '' : `/${options.bucket}`

  return {
    async sign(request, call) {
      const { accessKeyId, secretAccessKey, sessionToken } = await keys()
      const date = new Date(call?.signingDate ?? Date.now()).toUTCString()
      const headers: Record<string, string> = { ...request.headers, 'x-amz-date': date }
      if (sessionToken) headers['x-amz-security-token'] = sessionToken
      const text = textToSign({ ...request, headers }, `${start}${request.path}`)
      const signature = createHmac('sha1', secretAccessKey).update(text).digest('base64')
      headers.authorization = `AWS ${accessKeyId}:${signature}`
      return Object.assign(request, { headers })
    },
  }
}

/** The date is told in `x-amz-date`, which leaves its own line empty. */
function textToSign({ method, headers, query }: Request, path: string): string {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  const known = new Map(lower)
  const amazons = lower
    .filter(([name]) => name.startsWith('x-amz-'))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}:${value.trim()}`)
  const plain = [method, known.get('content-md5') ?? '', known.get('content-type') ?? '', '']
  return [...plain, ...amazons, `${path}${signedQuery(query ?? {})}`].join('\n')
}

function signedQuery(query: NonNullable<Request['query']>): string {
  const signed = Object.entries(query)
    .filter(([name]) => subresources.has(name))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => (value ? `${name}=${value}` : name))
  return signed.length > 0 ? `?${signed.join('&')}` : ''
}
