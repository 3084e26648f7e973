/**
 * Every error a client can meet, in one table: the reason as the code throws it, the code and status
 * on the wire, and a sentence for a person at a terminal. Codes and statuses follow the
 * distribution specification ("Error Codes") and, where that is silent, what registry:2 answers.
 * The first one that is thrown is the answer: which step throws what is in ARCHITECTURE.md, "The life of a pull" and
 * "Why a push is refused".
 */
const table = {
  badPath: ['UNSUPPORTED', 400, 'the path is not in its plain form'],
  badName: ['NAME_INVALID', 400, 'this is not a valid repository name'],
  badTag: ['TAG_INVALID', 400, 'this is not a valid tag'],
  badDigest: ['DIGEST_INVALID', 400, 'this is not a digest that the registry can compute'],
  badPage: ['PAGINATION_NUMBER_INVALID', 400, 'n must be a whole number that is not negative'],
  pageTooLarge: ['PAGINATION_NUMBER_INVALID', 400, 'n asks for more than one page may hold'],
  badRange: ['RANGE_INVALID', 400, 'Content-Range must read <first>-<last>'],
  requestMalformed: ['UNSUPPORTED', 400, 'this is not an HTTP request'],
  hostMalformed: ['UNSUPPORTED', 400, 'the request has to name one host, as host or host:port'],
  targetMalformed: ['UNSUPPORTED', 400, 'the target is neither a path nor a URL of the named host'],
  codingTooNew: ['UNSUPPORTED', 400, 'HTTP/1.0 has no Transfer-Encoding'],
  codingUnknown: ['UNSUPPORTED', 501, 'chunked is the only Transfer-Encoding that is known here'],
  methodUnknown: ['UNSUPPORTED', 501, 'no endpoint knows that method'],
  expectationUnknown: ['UNSUPPORTED', 417, '100-continue is the only expectation that is met here'],
  versionUnknown: ['UNSUPPORTED', 505, 'HTTP/1.1 and HTTP/1.0 are spoken here'],
  requestTimeout: ['UNSUPPORTED', 408, 'the rest of the request did not come in time'],
  headTooLarge: ['UNSUPPORTED', 431, 'the head of the request is too large: 32 KiB are allowed'],
  bodyRefused: ['UNSUPPORTED', 400, 'this request may not carry a body'],
  noSuchEndpoint: ['UNSUPPORTED', 404, 'there is no such endpoint'],
  clientTooOld: ['UNSUPPORTED', 404, 'this client is too old: docker 1.6 or newer is needed'],
  wrongMethod: ['UNSUPPORTED', 405, 'this endpoint does not know that method'],
  deleteDisabled: ['UNSUPPORTED', 405, 'deleting is switched off: storage.delete.enabled is false'],
  readOnly: ['UNSUPPORTED', 405, 'the registry is in read-only mode'],
  mirrorOnly: [
    'UNSUPPORTED',
    405,
    'this repository mirrors another registry: it is pulled from, and changed there',
  ],
  mirrorLoop: ['UNSUPPORTED', 508, 'this registry was asked by itself: it is its own upstream'],
  tooManyRequests: ['TOOMANYREQUESTS', 429, 'too many failed attempts: try again later'],
  tooManyBodies: ['TOOMANYREQUESTS', 429, 'too many manifests of yours are under way at once'],
  unauthorized: ['UNAUTHORIZED', 401, 'authentication required'],
  unsigned: ['UNAUTHORIZED', 401, 'a worker answers nobody but its gateways'],
  tagImmutable: ['DENIED', 403, 'a policy keeps this tag as it is'],
  crossSite: ['DENIED', 403, 'a page of another site may not write here'],
  denied: ['DENIED', 403, 'you may not do this here'],

  notMirrored: ['DENIED', 403, 'the settings of the mirror leave this out'],
  namespaceUnknown: ['NAME_UNKNOWN', 404, 'ns names no registry that is mirrored here'],
  upstreamFailed: ['UNAVAILABLE', 502, 'it is not here, and the upstream failed'],
  upstreamTimeout: ['UNAVAILABLE', 504, 'it is not here, and the upstream took too long'],

  repositoryUnknown: ['NAME_UNKNOWN', 404, 'this registry has no such repository'],

  blobUnknown: ['BLOB_UNKNOWN', 404, 'this repository has no such blob'],
  tooManyRanges: ['RANGE_INVALID', 400, 'Range names too many ranges: 1,024 are allowed'],
  rangeNotSatisfiable: ['RANGE_INVALID', 416, 'the blob has no such range'],
  preconditionFailed: ['UNSUPPORTED', 412, 'If-Match names another digest'],

  uploadUnknown: ['BLOB_UPLOAD_UNKNOWN', 404, 'this repository has no such upload'],
  uploadBusy: ['BLOB_UPLOAD_INVALID', 409, 'another request is writing to this upload'],
  uploadOutOfOrder: ['RANGE_INVALID', 416, 'the chunk does not begin where the upload ends'],
  uploadType: ['BLOB_UPLOAD_INVALID', 415, 'a chunk is sent as application/octet-stream'],
  sizeMismatch: ['SIZE_INVALID', 400, 'the body is not as long as the request says'],
  digestMissing: ['DIGEST_INVALID', 400, 'the digest parameter is missing'],
  digestMismatch: ['DIGEST_INVALID', 400, 'the content does not have this digest'],

  manifestUnknown: ['MANIFEST_UNKNOWN', 404, 'this repository has no such manifest'],
  manifestInvalid: ['MANIFEST_INVALID', 400, 'the manifest is not valid'],
  manifestType: ['MANIFEST_INVALID', 400, 'the Content-Type is not that of a manifest'],
  manifestTooLarge: ['MANIFEST_INVALID', 413, 'the manifest is too large'],
  manifestBlobUnknown: [
    'MANIFEST_BLOB_UNKNOWN',
    400,
    'the manifest names content that is not here',
  ],
  tooManyTags: ['MANIFEST_INVALID', 414, 'too many tags in one request'],

  storageFull: ['UNAVAILABLE', 507, 'the disk of the registry is full'],
  storageGone: ['UNAVAILABLE', 503, 'the data folder of the registry is gone; its log says more'],
  unavailable: ['UNAVAILABLE', 503, 'the registry is not available just now'],
  failed: ['UNKNOWN', 500, 'the registry failed; its log says why'],
} as const satisfies Record<string, readonly [code: string, status: number, message: string]>

export type Reason = keyof typeof table

type Options = {
  /** The rest of the message. */
  more?: string
  /** The value found and those allowed; one entry of the answer for each element of `details`. */
  detail?: unknown
  details?: unknown[]
  headers?: Record<string, string>
  cause?: unknown
}

/** The only error meant for a client. Any other one is our bug and answers `failed`. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly reason: Reason
  readonly code: string
  readonly status: number
  readonly details: unknown[]
  readonly headers: Record<string, string>

  constructor(reason: Reason, { more, detail, details, headers, cause }: Options = {}) {
    const [code, status, message] = table[reason]
    super(more ? `${message}: ${more}` : message, { cause })
    this.reason = reason
    this.code = code
    this.status = status
    this.details = details ?? [detail]
    this.headers = headers ?? {}
  }
}

/** Codes of failures that are neither the client's fault nor ours. */
const reasonsByCode = new Map<unknown, Reason>([
  ['ENOSPC', 'storageFull'],
  ['EDQUOT', 'storageFull'],
  // Of the folder as a whole: its disk was unmounted, for instance.
  ['EVANISHED', 'storageGone'],
  // A storage driver throws it when its store does not answer, or has too much to do.
  ['EUNAVAILABLE', 'unavailable'],
])
const isUnavailable = (reason: Reason) => reason === 'unavailable' || reason === 'storageGone'
const retryAfter = { 'Retry-After': '5' }

/** The error that a client gets for anything that was thrown. */
export function toRegistryError(cause: unknown): RegistryError {
  if (cause instanceof RegistryError) return cause
  const { code } = Object(cause) as { code?: unknown }
  const reason = reasonsByCode.get(code) ?? 'failed'
  return new RegistryError(reason, {
    cause,
    ...(isUnavailable(reason) && { headers: retryAfter }),
  })
}

/** The specification's envelope, ended by a newline as registry:2 does. */
export function errorBody({ code, message, details }: RegistryError): string {
  const errors = details.map((detail) => ({ code, message, detail }))
  return `${JSON.stringify({ errors })}\n`
}

/** The rows of the table, for the page that documents them. */
export function errorTable(): { reason: string; code: string; status: number; message: string }[] {
  return Object.entries(table).map(([reason, [code, status, message]]) => ({
    reason,
    code,
    status,
    message,
  }))
}
