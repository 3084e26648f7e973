/**
 * The connection: to one server, to the master that sentinels name, or to a cluster. Its settings
 * serve one aim: each caller hears soon, and a failed command is never sent again behind our back.
 */
import { Cluster, Redis } from 'ioredis'
import { defaultAnswerMs, defaultConnectMs, kindOf, type RedisOptions } from './options.ts'
import { tlsSettings } from './tls.ts'

export type Client = Redis | Cluster

/** Connects only when told to, and then goes on trying for as long as it is not closed. */
export function createClient(options: RedisOptions): Client {
  const { addresses, master, db = 0 } = options
  const shared = sharedSettings(options)
  switch (kindOf(options)) {
    case 'server':
      return new Redis({ ...shared, ...addresses[0], db, retryStrategy: reconnectAfter })
    case 'sentinels':
      return new Redis({
        ...shared,
        db,
        retryStrategy: reconnectAfter,
        name: master,
        sentinels: [...addresses],
        sentinelUsername: options.sentinelUsername,
        sentinelPassword: options.sentinelPassword,
        sentinelCommandTimeout: shared.commandTimeout,
        sentinelRetryStrategy: reconnectAfter,
        sentinelReconnectStrategy: reconnectAfter,
        // Hears of a new master from the sentinels, where the old one may just be silent.
        failoverDetector: true,
        enableTLSForSentinelMode: shared.tls !== undefined,
        ...(shared.tls && { sentinelTLS: shared.tls }),
      })
    case 'cluster':
      return new Cluster([...addresses], {
        redisOptions: shared,
        lazyConnect: true,
        enableOfflineQueue: false,
        clusterRetryStrategy: reconnectAfter,
        clusterNodeRetryStrategy: reconnectAfter,
        slotsRefreshTimeout: shared.commandTimeout,
        slotsRefreshInterval: 5_000,
        maxRedirections: options.mostRedirects ?? 4,
        // A certificate names hosts; their addresses are looked up when one connects.
        ...(shared.tls && { dnsLookup: (host, found) => found(null, host) }),
      })
  }
}

function sharedSettings(options: RedisOptions) {
  const { answerMs = defaultAnswerMs, connectMs = defaultConnectMs } = options
  const tls = tlsSettings(options)
  return {
    lazyConnect: true,
    username: options.username,
    password: options.password,
    connectionName: options.clientName,
    disableClientInfo: options.isUnnamed ?? false,
    clientInfoTag: options.identitySuffix,
    protocol: options.protocol ?? 3,
    connectTimeout: connectMs,
    disconnectTimeout: 250,
    // The guard's own limit comes first; this one is for what the client asks by itself.
    commandTimeout: answerMs + 250,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // A master that became a replica keeps its connections: only a new one leads to the new master.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    ...(tls && { tls }),
  } as const
}

/** Milliseconds; chance keeps the replicas from coming back all at once. */
function reconnectAfter(attempts: number): number {
  return Math.round(Math.min(50 * 2 ** Math.min(attempts, 6), 2_000) * (0.5 + Math.random() / 2))
}
