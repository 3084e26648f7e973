/** `storage`: where content is kept, and what may be done with it there. */
import { choice, duration, flag, integer, oneOf, section } from '../values.ts'
import { drivers } from './drivers.ts'

const cache = section({
  blobdescriptor: choice('inmemory', 'redis')
    .meta({ alias: 'layerinfo' })
    .optional()
    .describe('Where sizes and media types of blobs are remembered.'),
  blobdescriptorsize: integer({ min: Number.MIN_SAFE_INTEGER })
    .prefault('10000')
    .describe('How many are remembered in memory; 0 or less for all.'),
})

const purging = section({
  enabled: flag().prefault('true').describe('Remove uploads that nobody finished.'),
  age: duration().prefault('168h').describe('The age from which on an upload counts as abandoned.'),
  interval: duration().prefault('24h').describe('The time between two rounds.'),
  dryrun: flag().prefault('false').describe('Only log what would be removed.'),
})

const maintenance = section({
  uploadpurging: purging.prefault({}),
  readonly: section({
    enabled: flag().prefault('false').describe('Refuse everything that would write.'),
  }).prefault({}),
})

/** Sending less costs no more than saying where it is, and saves the client a second connection. */
const worthIt = 128 * 1024
/** The most that a signature of version 4 may say. */
const longestExpiry = 7 * 24 * 60 * 60 * 1000

const redirect = section({
  disable: flag()
    .prefault('false')
    .describe('Send blobs through kura where the driver could send clients to the store.'),
  minsize: integer()
    .prefault(`${worthIt}`)
    .describe('Bytes from which on a blob is worth sending a client to the store.'),
  expiry: duration({ min: 1000 })
    .refine((written) => written <= longestExpiry, 'must be no longer than 168h')
    .prefault('20m')
    .describe('How long a client may take to begin what it was sent to the store for.'),
})

const keys = section({
  ...drivers,
  delete: section({
    enabled: flag().prefault('false').describe('Let clients delete tags, manifests and blobs.'),
  }).prefault({}),
  redirect: redirect.prefault({}),
  cache: cache.optional(),
  tag: section({
    concurrencylimit: integer()
      .optional()
      .describe(
        'How many tags are looked up at once when a manifest is deleted; 32 without it, or with 0.',
      ),
  }).optional(),
  maintenance: maintenance.prefault({}),
})

export const storage = oneOf(keys, {
  what: 'driver',
  names: Object.keys(drivers),
  required: true,
})
  .prefault({})
  .describe('Where content is kept. Exactly one driver has to be named.')
