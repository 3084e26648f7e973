/**
 * All that processes of one registry have in common: the message of their supervisor, the log that they write
 * to, their leases and their Redis.
 */
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import { openFileLeases } from '../../registry/leases/files.ts'
import { createInProcessLeases } from '../../registry/leases/in-process.ts'
import type { Leases } from '../../registry/leases/lease.ts'
import { createRedisLeases } from '../../registry/leases/redis.ts'
import type { Redis } from '../../registry/redis/open.ts'
import { sharingOf } from '../../registry/storage/open.ts'
import { openSharedRedis } from '../redis.ts'
import { storageFrom } from '../storage.ts'

export type Logs = {
  /** Of requests. */
  log: Logger
  /** Of what concerns all processes of a machine: what several say here is written once. */
  notices: Logger
}

export type Given = {
  /** A folder that is theirs alone, for as long as the supervisor runs. */
  folder: string
  /** Random, and theirs alone as well. */
  key: string
  /** The secret with which gateways and workers sign. */
  secret: string
  /** Whether nobody configured `log`. */
  brief?: boolean
  /** Where the sockets of workers are, when they are on this machine. */
  sockets?: string
}

export type Shared = { redis: Redis | undefined; leases: Leases; close(): Promise<void> }

/** `folder` is one that the processes of this machine share, and nobody else. */
export async function openShared(config: Config, log: Logger, folder: string): Promise<Shared> {
  const redis = await openSharedRedis(config, log)
  const leases = await openLeases(config, redis, folder)
  return {
    redis,
    leases,
    // Leases are given back through Redis.
    async close() {
      await leases.close()
      await redis?.close()
    },
  }
}

async function openLeases(config: Config, redis: Redis | undefined, folder: string) {
  const sharing = sharingOf(storageFrom(config))
  // Where nothing is written, nobody needs to wait for another.
  const isReadOnly = config.storage.maintenance.readonly.enabled
  if (sharing.by === 'process' || isReadOnly) return createInProcessLeases()
  // In a folder that all share, leases need no Redis, and outlive it.
  const fallback = sharing.by === 'folder' ? await openLeasesIn(sharing.root) : undefined
  if (redis) return createRedisLeases({ redis, fallback })
  // For a storage that other machines reach, these do not hold there: `sharingWarnings` says so.
  return fallback ?? openFileLeases(join(folder, 'leases'))
}

function openLeasesIn(root: string): Promise<Leases> {
  return openFileLeases(join(root, 'kura/leases'), { root })
}
