/** The settings of the Redis that replicas share. */

export type Address = { host: string; port: number }

export type RedisOptions = {
  /** One server, the nodes of a cluster, or with `master` the sentinels that know it. */
  addresses: readonly Address[]
  master?: string | undefined
  username?: string | undefined
  password?: string | undefined
  sentinelUsername?: string | undefined
  sentinelPassword?: string | undefined
  db?: number | undefined
  clientName?: string | undefined
  /** Whether the server is not told which library connects, and what is added where it is told. */
  isUnnamed?: boolean | undefined
  identitySuffix?: string | undefined
  /** How many redirects of a cluster are followed for one command. */
  mostRedirects?: number | undefined
  protocol?: 2 | 3 | undefined
  /** How long connecting may take, and how long an answer, in milliseconds. */
  connectMs?: number | undefined
  answerMs?: number | undefined
  /** PEM. Without `ca` the authorities that the system trusts. */
  tls?: { ca?: string[]; cert?: string; key?: string } | undefined
}

export const defaultConnectMs = 2_000
export const defaultAnswerMs = 1_000

export type Kind = 'server' | 'sentinels' | 'cluster'

export function kindOf({ addresses, master }: RedisOptions): Kind {
  if (master !== undefined) return 'sentinels'
  return addresses.length > 1 ? 'cluster' : 'server'
}

/** Throws an error that names the setting. */
export function refuseContradictions(options: RedisOptions): void {
  if (kindOf(options) === 'cluster' && options.db) {
    throw new Error(`redis.db must be 0 for a cluster, but is ${options.db}`)
  }
}

export function writeAddresses({ addresses }: RedisOptions): string {
  return addresses
    .map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
    .join(', ')
}
