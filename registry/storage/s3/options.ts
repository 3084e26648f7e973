/** The options of a bucket: the keys of `storage.s3` in the configuration, under their names. */
export type S3Options = {
  bucket: string
  region?: string | undefined
  /** A host or a URL. */
  regionendpoint?: string | undefined
  accesskey?: string | undefined
  secretkey?: string | undefined
  forcepathstyle: boolean
  encrypt: boolean
  keyid?: string | undefined
  secure: boolean
  skipverify: boolean
  v4auth: boolean
  chunksize: number
  multipartcopychunksize: number
  multipartcopymaxconcurrency: number
  multipartcopythresholdsize: number
  rootdirectory?: string | undefined
  storageclass: string
  objectacl: string
  useragent?: string | undefined
  usedualstack: boolean
  accelerate: boolean
  usefipsendpoint: boolean
  loglevel: string
  /** Nothing is ever to be written, not even to see whether it could be. */
  readOnly?: boolean
  /** How long to wait for the service; tests are less patient. */
  limits?: S3Limits
}

export type S3Limits = {
  /** For what is answered at once, in milliseconds. */
  answer: number
  /** For parts and copies, which may take their time. */
  transfer: number
  /** Between two chunks of what is read. */
  stall: number
  /** How often a request is sent before it counts as failed. */
  attempts: number
  sockets: number
}

export const usualLimits: S3Limits = {
  answer: 30_000,
  transfer: 300_000,
  stall: 60_000,
  attempts: 6,
  sockets: 512,
}

/** Hears of what an operator may want to know. */
export type Report = (message: string, fields?: Record<string, unknown>) => void

/** The address to ask, undefined for Amazon's own. */
export function endpointOf({
  regionendpoint,
  secure,
}: Pick<S3Options, 'regionendpoint' | 'secure'>): string | undefined {
  if (!regionendpoint || regionendpoint.includes('://')) return regionendpoint
  return `${secure ? 'https' : 'http'}://${regionendpoint}`
}
