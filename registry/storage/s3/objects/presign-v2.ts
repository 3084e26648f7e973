/** Signing a URL with version 2 of Amazon's signature, which the SDK no longer knows. */
import { createHmac } from 'node:crypto'

type Signing = {
  /** The URL of the service, without a bucket. */
  endpoint: string
  bucket: string
  /** Otherwise it is in front of the host. */
  isBucketInPath: boolean
  key: string
  /** Seconds since 1970. */
  expires: number
  keys: { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined }
}

/** For a plain GET, with any range and no other header that the service would ask for. */
export function signUrlV2({ endpoint, bucket, isBucketInPath, key, expires, keys }: Signing) {
  const { accessKeyId, secretAccessKey, sessionToken } = keys
  const object = `/${key.split('/').map(encodeURIComponent).join('/')}`
  const url = new URL(endpoint)
  const path = isBucketInPath ? `/${bucket}${object}` : object
  const host = isBucketInPath ? url.host : `${bucket}.${url.host}`

  // Wherever the bucket is named, what is signed has it in the path.
  const amazons = sessionToken ? [`x-amz-security-token:${sessionToken}`] : []
  const text = ['GET', '', '', expires, ...amazons, `/${bucket}${object}`].join('\n')
  const query = new URLSearchParams({
    AWSAccessKeyId: accessKeyId,
    Expires: `${expires}`,
    ...(sessionToken && { 'x-amz-security-token': sessionToken }),
    Signature: createHmac('sha1', secretAccessKey).update(text).digest('base64'),
  })
  return `${url.protocol}//${host}${path}?${query}`
}
