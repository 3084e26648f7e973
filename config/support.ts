/**
 * Settings that kura reads but does not act on yet. A row is fatal where ignoring it would change the
 * rights of a user or the place of data; any other is a warning. Built means: row deleted.
 */
import type { Origins } from './tree.ts'

type Row = { effect: string; fatal: boolean }

const refused = (reason: string): Row => ({
  effect: `kura does not start, since ${reason}`,
  fatal: true,
})
const ignored = (effect: string): Row => ({ effect, fatal: false })

const elsewhere = refused('content would be kept somewhere else')
const unchanged = refused('its changes would not be made')
const open = refused('everyone would be let in')

/** Each process has one connection, and a command that failed on it is not sent again. */
const redisRows: [effect: string, ...keys: string[]][] = [
  ['each process has one connection', 'pool', 'poolfifo', 'poolsize', 'pooltimeout'],
  ['each process has one connection', 'minidleconns', 'maxidleconns', 'maxactiveconns'],
  ['the connection stays for as long as it is good', 'connmaxidletime', 'connmaxlifetime'],
  ['a command that failed is not sent again', 'maxretries', 'minretrybackoff', 'maxretrybackoff'],
  ['redis.readtimeout is for sending and for the answer', 'writetimeout'],
  ['redis.readtimeout holds whatever time a request has', 'contexttimeoutenabled'],
  ['masters are asked, as replicas may be behind', 'readonly', 'routebylatency', 'routerandomly'],
  ['no module of Redis is used', 'unstableresp3'],
]
const redis = Object.fromEntries(
  redisRows.flatMap(([effect, ...keys]) => keys.map((key) => [`redis.${key}`, ignored(effect)])),
)

const cloudfrontKeys = [
  'privatekey',
  'keypairid',
  'duration',
  'ipfilteredby',
  'awsregion',
  'updatefrequency',
  'iprangesurl',
]
const cloudfront = Object.fromEntries(
  cloudfrontKeys.map((key) => [
    `middleware.storage.0.options.${key}`,
    ignored('clients are not sent to CloudFront'),
  ]),
)

export const unsupported: Readonly<Record<string, Row>> = {
  'storage.gcs': elsewhere,
  'storage.azure': elsewhere,
  'storage.oss': elsewhere,
  'storage.swift': elsewhere,
  'auth.silly': open,
  'middleware.registry': unchanged,
  'middleware.repository': unchanged,
  'storage.cache': ignored('every answer comes from the storage itself'),
  health: ignored('nothing is checked'),
  'http.debug': ignored('there is no debug listener'),
  'http.http2': ignored('clients are served over HTTP/1.1'),
  'http.h2c': ignored('clients are served over HTTP/1.1'),
  'log.hooks': ignored('no mail is sent'),
  'proxy.ttl': ignored('what was fetched is kept'),
  notifications: ignored('nobody is told of events'),
  'validation.enabled': ignored('validation.disabled says the same'),
  'storage.filesystem.maxthreads': ignored(
    'UV_THREADPOOL_SIZE says how many threads read and write',
  ),
  'storage.s3.loglevel': ignored('failures of the service are logged, and nothing else of it'),
  ...cloudfront,
  ...redis,
}

export type Unsupported = { key: string; place: string; message: string; fatal: boolean }

/** The rows that concern this configuration: of those for one place, only the one that says most. */
export function findUnsupported(origins: Origins): Unsupported[] {
  const found = [...origins].flatMap(([written, place]) => {
    // A row speaks of the first item of a list and means all of them.
    const key = written.replace(/\.\d+(?=\.|$)/g, '.0')
    const row = Object.hasOwn(unsupported, key) ? unsupported[key] : undefined
    return row ? [{ key, written, place, ...row }] : []
  })
  const order = Object.keys(unsupported)
  return found
    .filter(({ key }) => !found.some((it) => it.key.startsWith(`${key}.`)))
    .sort((a, b) => order.indexOf(a.key) - order.indexOf(b.key))
    .map(({ key, written, place, effect, fatal }) => {
      const message = `${written} is not supported yet (${place}): ${effect}`
      return { key, place, fatal, message }
    })
}
