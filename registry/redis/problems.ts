/**
 * Problems with Redis, in words that name the setting. The rows hold messages of servers and sockets; the
 * first that fits counts.
 */
import { speaksNoTls, speaksTls } from './obstacles.ts'
import { kindOf, type RedisOptions, writeAddresses } from './options.ts'

const rows: [said: RegExp, meaning: string][] = [
  [
    /sentinel.*(?:NOAUTH|WRONGPASS)/,
    'redis.sentinelusername and redis.sentinelpassword: the sentinels refuse them',
  ],
  [/sentinel.*unknown command/i, 'redis.addrs must name sentinels, since redis.mastername is set'],
  [/NOAUTH|AUTH called without/, 'redis.password: the server asks for a password and none is set'],
  [/WRONGPASS|invalid (?:username|password)/i, 'redis.username or redis.password is wrong'],
  [/NOPERM/, 'redis.username: this account may not read, write and run scripts under kura:*'],
  [/DB index|SELECT is not allowed/i, 'redis.db: the server has no database of this number'],
  [/READONLY/, 'redis.addrs names a replica, which takes no writes: name its master'],
  [
    /cluster support disabled/,
    'redis.addrs names several servers, so they must be the nodes of one cluster; for sentinels set redis.mastername',
  ],
  [/^MOVED/, 'redis.addrs names one node of a cluster: name at least two of them'],
  [/No such master|invalid reply/, 'redis.mastername: the sentinels know no master of this name'],
  [/CLUSTERDOWN/, 'redis.addrs: the cluster is not complete'],
  [/unknown command/i, 'redis.addrs: this server lacks a command that is needed'],
  [
    new RegExp(`${speaksNoTls}|wrong version number|packet length|EPROTO|record layer`, 'i'),
    'redis.tls: the server speaks no TLS',
  ],
  [new RegExp(speaksTls), 'redis.tls must be set: the server speaks TLS only'],
  [
    /certificate required|bad certificate|alert (?:unknown ca|handshake failure)/i,
    'redis.tls.certificate: the server asks for one it knows',
  ],
  [/altnames|does not match certificate/i, 'redis.addrs: the certificate names other hosts'],
  [/certificate|self-signed/i, 'redis.tls.rootcas: the certificate comes from no authority in it'],
  [/Protocol error|RESP type/i, 'redis.addrs: this server is no Redis'],
  [/connection was lost/, 'redis.addrs: the server went away'],
]

/** Messages of a server that is no Redis, or of a Redis that expects TLS where there is none. */
const vague: typeof rows = [
  [
    /no answer|timed out|Slots refresh timeout/i,
    'redis.addrs: the server does not answer; is it Redis, and is redis.tls right?',
  ],
  [/ETIMEDOUT/, 'redis.addrs: no connection came about in time; is redis.tls right?'],
  [/closed|ECONNRESET/i, 'redis.addrs: the server hangs up; is it Redis, and is redis.tls right?'],
]

const fits =
  (said: string) =>
  ([pattern]: (typeof rows)[number]) =>
    pattern.test(said)

/** Whether another message may tell more about the cause. */
export const saysLittle = (said: string) => !rows.some(fits(said)) && vague.some(fits(said))

/** The client's messages about a call for which it has no connection. */
export const noConnection =
  /^(?:Stream|Cluster) isn't|^Connection is closed|retries per request|redirections/

/** One sentence for the operator; `said` is the message of the server or the socket. */
export function explain(said: string, options: RedisOptions): string {
  const meaning = [...rows, ...vague].find(fits(said))?.[1]
  const what = meaning ?? `redis.addrs: the ${nouns[kindOf(options)]} cannot be reached`
  return `${what} (${writeAddresses(options)}: ${brief(said)})`
}

/** OpenSSL names its functions, files and lines beside what is the matter. */
const brief = (said: string) => /SSL routines:\w*:([^:]+):/.exec(said)?.[1] ?? said.trim()

const nouns = { server: 'server', sentinels: 'sentinels', cluster: 'cluster' } as const

/** The problem of a server that is of the wrong kind by its `INFO`; undefined when all is well. */
export function wrongKind(info: Info, options: RedisOptions): string | undefined {
  const kind = kindOf(options)
  const where = writeAddresses(options)
  if (info.redis_mode === 'sentinel' && kind !== 'sentinels') {
    return `redis.mastername must be set: redis.addrs names a sentinel (${where})`
  }
  if (info.redis_mode === 'cluster' && kind === 'server') {
    return `redis.addrs names one node of a cluster (${where}): name at least two of them`
  }
  return undefined
}

/** A server that may drop any key forgets leases while they are held. */
export function evictionWarning({ maxmemory_policy: policy }: Info): string | undefined {
  if (policy === undefined || policy === 'noeviction') return undefined
  return `redis: maxmemory-policy is ${policy}, so leases may be dropped while they are held; set it to noeviction`
}

export type Info = Partial<Record<'redis_mode' | 'maxmemory_policy', string>>

export function parseInfo(text: string): Info {
  return Object.fromEntries(text.split(/\r?\n/).map((line) => line.split(':', 2)))
}
