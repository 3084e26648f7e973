/** `redis`: the settings of versions 2 and 3 as what the connection needs, and the connection itself. */
import cluster from 'node:cluster'
import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { type Address, type RedisOptions, refuseContradictions } from '../registry/redis/options.ts'

type Settings = NonNullable<Config['redis']>

/**
 * The limits within which a time from the configuration is followed. Shorter, and a moment's delay
 * would count as an outage (10ms is in many a file from older times); longer, and an outage would
 * hold up every push. `-1` asks for the longest.
 */
const connectLimits = { least: 250, most: 10_000 }
const answerLimits = { least: 100, most: 5_000 }

/**
 * Undefined when `redis` is not set. Throws an error that names the setting when it cannot be used; but
 * a process that replaces another starts without Redis, so that its outage costs no pulls.
 */
export async function openSharedRedis({ redis }: Config, log: Logger) {
  if (!redis) return undefined
  const options = await redisOptions(redis)
  // A registry without Redis need not load a client for it.
  const { openRedis } = await import('../registry/redis/open.ts')
  return openRedis(options, {
    required: cluster.worker === undefined || cluster.worker.id === 1,
    onWarning: (warning) => log.warn(warning),
    onChange: (now) =>
      now.available
        ? log.info('redis is available again')
        : log.error({ reason: now.reason }, 'redis is not available'),
  })
}

/** Throws an error that names the setting. */
export async function redisOptions(redis: Settings): Promise<RedisOptions> {
  return { ...plainOptions(redis), tls: redis.tls && (await tlsOf(redis.tls)) }
}

/** Throws what `redisOptions` throws as long as no file is read. */
export function refuseRedis(redis: Settings): void {
  refuseContradictions(plainOptions(redis))
}

function plainOptions(redis: Settings): RedisOptions {
  const { protocol, tls } = redis
  if ((tls?.certificate === undefined) !== (tls?.key === undefined)) {
    throw new Error('redis.tls.certificate and redis.tls.key belong together: set both or none')
  }
  return {
    addresses: addressesOf(redis),
    master: redis.mastername,
    username: redis.username,
    password: redis.password,
    sentinelUsername: redis.sentinelusername,
    sentinelPassword: redis.sentinelpassword,
    db: redis.db,
    clientName: redis.clientname,
    isUnnamed: redis.disableidentity,
    identitySuffix: redis.identitysuffix,
    // Below zero go-redis follows none.
    mostRedirects: redis.maxredirects === undefined ? undefined : Math.max(0, redis.maxredirects),
    protocol: protocol === 2 || protocol === 3 ? protocol : undefined,
    connectMs: within(connectLimits, redis.dialtimeout),
    answerMs: within(answerLimits, redis.readtimeout),
  }
}

function addressesOf({ addrs, addr }: Settings): Address[] {
  if (addrs.length > 0 && addr !== undefined) {
    throw new Error('redis.addr is the older name of redis.addrs: set one of the two')
  }
  const written = addr ? [addr] : addrs
  if (written.length === 0) {
    throw new Error('redis.addrs must name a server, such as [redis:6379]')
  }
  return written.map(({ host = 'localhost', port }) => ({ host, port }))
}

function within({ least, most }: { least: number; most: number }, time: number | undefined) {
  if (time === undefined || time === 0) return undefined
  return time < 0 ? most : Math.min(Math.max(time, least), most)
}

async function tlsOf({ certificate, key, rootcas }: NonNullable<Settings['tls']>) {
  const ca = await Promise.all(rootcas.map((path) => read('redis.tls.rootcas', path)))
  return {
    ...(ca.length > 0 && { ca }),
    ...(certificate && { cert: await read('redis.tls.certificate', certificate) }),
    ...(key && { key: await read('redis.tls.key', key) }),
  }
}

async function read(setting: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Error(`${setting}: ${path} cannot be read (${code})`, { cause: error })
  }
}
