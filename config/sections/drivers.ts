/**
 * The storage drivers a configuration may name, each with its own keys. A driver that kura cannot
 * open is read all the same, so that its user hears that instead of a list of unknown keys.
 */
import type { z } from 'zod'
import {
  always,
  choice,
  duration,
  flag,
  freeform,
  integer,
  map,
  secret,
  section,
  text,
  value,
} from '../values.ts'

const mebibyte = 1024 * 1024
/** A path would be in the signature and not in the request, or the reverse. */
const origin = () =>
  value('an http or https URL with nothing behind the host', (written) =>
    /^https?:\/\/[^/?#@\s]+\/?$/i.test(written) && URL.canParse(written) ? written : undefined,
  )
const root = () => text('a path').optional().describe('A prefix before every key.')

const filesystem = section({
  rootdirectory: text('a path')
    .prefault('/var/lib/registry')
    .describe('The folder that holds everything.'),
  maxthreads: integer({ min: 1 })
    .prefault('100')
    .describe('How many file operations may run at once.'),
}).describe('Files in a folder.')

const inmemory = section({}).describe('Memory, for trying things out: everything is lost at exit.')

const s3 = section({
  bucket: text().describe('The bucket.'),
  region: text().optional().describe('The region; needed unless `regionendpoint` is set.'),
  regionendpoint: text().optional().describe('Host or URL of a service compatible with S3.'),
  redirectendpoint: origin()
    .optional()
    .describe('URL of the service as clients reach it, where that is not how kura does.'),
  accesskey: secret()
    .optional()
    .describe('The access key; without it, what the environment offers.'),
  secretkey: secret().optional().describe('The secret key of the access key.'),
  forcepathstyle: flag()
    .prefault('false')
    .describe('Put the bucket in the path, not in the host name.'),
  encrypt: flag().prefault('false').describe('Ask the service to encrypt what it stores.'),
  keyid: text().optional().describe('The KMS key to encrypt with.'),
  secure: flag().prefault('true').describe('Use HTTPS.'),
  skipverify: flag().prefault('false').describe('Do not check the certificate of the service.'),
  v4auth: flag().prefault('true').describe('Sign requests with version 4 of the signature.'),
  chunksize: integer({ min: 5 * mebibyte })
    .prefault(`${10 * mebibyte}`)
    .describe('Bytes in one part of an upload.'),
  multipartcopychunksize: integer()
    .prefault(`${32 * mebibyte}`)
    .describe('Bytes in one part of a copy.'),
  multipartcopymaxconcurrency: integer({ min: 1 })
    .prefault('100')
    .describe('Parts copied at once.'),
  multipartcopythresholdsize: integer()
    .prefault(`${32 * mebibyte}`)
    .describe('Bytes from which on a copy is done in parts; Ceph copies all in one step.'),
  rootdirectory: root(),
  storageclass: text()
    .prefault('STANDARD')
    .describe('The storage class of new objects; `NONE` leaves it to the service.'),
  objectacl: text().prefault('private').describe('The canned access list of new objects.'),
  useragent: text().optional().describe('The user agent told to the service.'),
  usedualstack: flag().prefault('false').describe('Use the end points that also speak IPv6.'),
  accelerate: flag().prefault('false').describe('Use transfer acceleration.'),
  usefipsendpoint: flag().prefault('false').describe('Use the FIPS end points.'),
  loglevel: choice(
    'off',
    'debug',
    'debugwithsigning',
    'debugwithhttpbody',
    'debugwithrequestretries',
    'debugwithrequesterrors',
    'debugwitheventstreambody',
  )
    .prefault('off')
    .describe('How much the client of the service writes to the log.'),
})
  .refine((written) => written.region !== undefined || written.regionendpoint !== undefined, {
    ...always,
    error: 'must set region or regionendpoint',
  })
  .meta({ alias: 's3aws' })
  .describe('A bucket of Amazon S3 or of a compatible service.')

const quarterMebibyte = mebibyte / 4
const gcs = section({
  bucket: text().describe('The bucket.'),
  keyfile: text('a path').optional().describe('The key file of a service account.'),
  credentials: map(secret()).optional().describe('The content of that file, written here.'),
  rootdirectory: root(),
  chunksize: value(`a multiple of ${quarterMebibyte}`, (written) =>
    /^\d+$/.test(written) && Number(written) % quarterMebibyte === 0 ? Number(written) : undefined,
  )
    .prefault(`${16 * mebibyte}`)
    .describe('Bytes in one part of an upload.'),
  maxconcurrency: integer({ min: 1 })
    .prefault('50')
    .describe('How many operations may run at once.'),
}).describe('A bucket of Google Cloud Storage.')

const azure = section({
  container: text().describe('The container.'),
  accountname: text().optional().describe('The storage account.'),
  accountkey: secret().optional().describe('The key of the account.'),
  connectionstring: secret().optional().describe('Account, key and end point in one.'),
  serviceurl: text('a URL').optional().describe('The end point, where it cannot be derived.'),
  realm: text().prefault('core.windows.net').describe('The domain of the service.'),
  credentials: section({
    type: choice('client_secret', 'shared_key', 'default_credentials')
      .optional()
      .describe('How to sign in.'),
    clientid: text().optional().describe('The application.'),
    tenantid: text().optional().describe('The directory of the application.'),
    secret: secret().optional().describe('The secret of the application.'),
  }).optional(),
  rootdirectory: root(),
  max_retries: integer().prefault('5').describe('How often a failed request is tried again.'),
  retry_delay: duration().prefault('100ms').describe('The pause before the first retry.'),
  skipverify: flag().prefault('false').describe('Do not check the certificate of the service.'),
}).describe('A container of Azure Blob Storage.')

export const drivers = {
  filesystem: filesystem.optional(),
  inmemory: inmemory.optional(),
  s3: s3.optional(),
  gcs: gcs.optional(),
  azure: azure.optional(),
  oss: freeform().optional().describe('Aliyun OSS, of version 2.'),
  swift: freeform().optional().describe('OpenStack Swift, of version 2.'),
} satisfies Record<string, z.ZodType>
