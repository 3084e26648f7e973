/** Why a bucket cannot be used, in words that name what was found and the setting to change. */
import { failureOf } from './errors.ts'
import { endpointOf, type S3Options } from './options.ts'

/** A key as it is written in the file and in the environment. */
export const named = (key: string) => `storage.s3.${key} (REGISTRY_STORAGE_S3_${key.toUpperCase()})`

const rights =
  's3:ListBucket, s3:ListBucketMultipartUploads, s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload'

const untrusted = `its certificate is not trusted: have NODE_EXTRA_CA_CERTS name a file with the authority that signed it, or set ${named('skipverify')} to true`
const unreachable = `it cannot be reached: check ${named('regionendpoint')}, ${named('secure')} and the network`
const wrongRegion = `the bucket is in another region: set ${named('region')}`
const noCredentials = `no credentials were found: set ${named('accesskey')} and ${named('secretkey')}, or offer some in the environment`
const unknownKey = `it does not know the access key: check ${named('accesskey')}`

const forbidden = `these credentials may not use the bucket: they need ${rights}`

const reasons: Record<string, string> = {
  InvalidAccessKeyId: unknownKey,
  SignatureDoesNotMatch: `it refuses the signature: check ${named('secretkey')}, and ${named('v4auth')} if it is an older service`,
  RequestTimeTooSkewed: 'its clock and the one of this machine differ too much: set the time',
  CredentialsProviderError: noCredentials,
  NoSuchBucket: `it has no such bucket: create it, or set ${named('bucket')} to another`,
  AccessDenied: forbidden,
  PermanentRedirect: wrongRegion,
  TemporaryRedirect: wrongRegion,
  AuthorizationHeaderMalformed: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
  InvalidStorageClass: `it does not know the storage class: set ${named('storageclass')} to another, or NONE`,
  NotImplemented: `it does not know all that is asked of it: ${named('storageclass')} NONE and ${named('encrypt')} false ask for less`,

  ECONNREFUSED: unreachable,
  ECONNRESET: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  ETIMEDOUT: unreachable,
  TimeoutError: unreachable,
  ENOTFOUND: `there is no such host: check ${named('regionendpoint')} and ${named('region')}, or set ${named('forcepathstyle')} to true`,
  EAI_AGAIN: `its host name cannot be looked up just now: check ${named('regionendpoint')} and the network`,

  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: 'its certificate has expired: renew it',
  ERR_TLS_CERT_ALTNAME_INVALID: `its certificate is for another name: check ${named('regionendpoint')}, or set ${named('forcepathstyle')} to true`,
  EPROTO: `it does not speak TLS: set ${named('secure')} to false`,
  ERR_SSL_WRONG_VERSION_NUMBER: `it does not speak TLS: set ${named('secure')} to false`,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: `it does not speak TLS: set ${named('secure')} to false`,
}

/** Where an answer has no body, the status is all there is. */
const reasonsByStatus: Record<number, string> = {
  301: wrongRegion,
  307: wrongRegion,
  403: forbidden,
}

export function explain(error: unknown, options: S3Options): Error {
  const cause = Object(error).cause ?? error
  const { code, status } = failureOf(cause)
  const why = reasons[code] ?? reasonsByStatus[status ?? 0] ?? (cause as Error).message
  const found = [code !== 'Error' && code, status && `status ${status}`].filter(Boolean)
  const place = endpointOf(options) ?? `Amazon S3, region ${options.region}`
  const region = regionIn(cause)
  const told = found.length > 0 ? ` (found ${found.join(', ')})` : ''
  return new Error(
    `the bucket ${options.bucket} at ${place} cannot be used: ${why}${region}${told}`,
    { cause },
  )
}

/** Services tell where the bucket really is. */
function regionIn(cause: unknown): string {
  const { Region, $response } = Object(cause) as {
    Region?: string
    $response?: { headers?: Record<string, string> }
  }
  const region = Region ?? $response?.headers?.['x-amz-bucket-region']
  return region && /^[a-z0-9-]{1,40}$/.test(region) ? ` to ${region}` : ''
}
