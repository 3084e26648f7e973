/** Settings of a bucket that cannot hold together: seen before anybody is asked. */
import { named } from './explain.ts'
import type { Report, S3Options } from './options.ts'

/** The canned access lists of Amazon S3. The client of the service is not loaded for seven names. */
const accessLists = [
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-full-control',
  'bucket-owner-read',
  'private',
  'public-read',
  'public-read-write',
]

const amazons = ['usedualstack', 'accelerate', 'usefipsendpoint'] as const

/** Throws an error that names the setting; reports what does nothing. */
export function refuseContradictions(options: S3Options, report: Report): void {
  const { accesskey, secretkey, regionendpoint, objectacl, v4auth } = options
  if (!accesskey !== !secretkey) {
    const [missing, found] = accesskey ? ['secretkey', 'accesskey'] : ['accesskey', 'secretkey']
    throw new Error(`${named(missing)} is missing: ${named(found)} is of no use alone`)
  }
  if (!v4auth && (!regionendpoint || regionendpoint.includes('amazonaws.com'))) {
    throw new Error(`${named('v4auth')} is false: Amazon S3 knows version 4 only, set it to true`)
  }
  if (!accessLists.includes(objectacl)) {
    const found = `${named('objectacl')} is "${objectacl}"`
    throw new Error(`${found}: allowed are ${accessLists.join(', ')}`)
  }
  const ignored = amazons.filter((key) => regionendpoint && options[key])
  for (const key of ignored) {
    report(`${named(key)} does nothing beside ${named('regionendpoint')}`)
  }
}
