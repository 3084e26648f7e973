/** Leases while Redis is away: with a shared folder below them, and without. */
import { join } from 'node:path'
import { beforeEach, expect, it } from '@jest/globals'
import { openFileLeases } from '../../../registry/leases/files.ts'
import type { Leases } from '../../../registry/leases/lease.ts'
import { createRedisLeases } from '../../../registry/leases/redis.ts'
import { openRedis, type Redis } from '../../../registry/redis/open.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { describeWith } from '../../support/programs.ts'
import { type RedisServer, startRedis, useRedis } from '../../support/redis.ts'
import { exclusionContract } from './exclusion.ts'

const answerMs = 500

describeWith(['redis-server'], 'leases when Redis', () => {
  const cleanup = useCleanup()
  let server: RedisServer
  let redis: Redis
  let folder: string
  const openIt = async () => {
    const options = { addresses: [server.address], answerMs }
    const opened = await openRedis(options, { pauseMs: 20, required: false })
    cleanup.add(opened.close)
    return opened
  }
  beforeEach(async () => {
    server = await useRedis(cleanup)
    redis = await openIt()
    folder = join(await cleanup.folder(), 'leases')
  })
  /** As one process among several has them. */
  const withFiles = async (own: Redis, longest?: number) =>
    createRedisLeases({
      redis: own,
      fallback: await openFileLeases(folder, { ...(longest !== undefined && { longest }) }),
      ...(longest !== undefined && { longest }),
    })
  /** A time that is long for leases in memory is short for leases in files on a busy machine. */
  const ample = (longest?: number) => (longest === undefined ? undefined : 10 * longest)
  const take = (leases: Leases) => leases.hold('x', 'unavailable', async () => 'held')
  const refusal = { reason: 'unavailable', status: 503 }

  exclusionContract('is there, with a shared folder,', async (longest) =>
    withFiles(redis, ample(longest)),
  )

  exclusionContract('is away, with a shared folder,', async (longest) => {
    await server.destroy()
    return withFiles(redis, ample(longest))
  })

  it('is seen by one and not by the other, exclude all the same, in both directions', async () => {
    const gone = await startRedis()
    await gone.destroy()
    const blind = await openRedis({ addresses: [gone.address] }, { required: false })
    cleanup.add(blind.close)
    for (const [first, second] of [
      [redis, blind],
      [blind, redis],
    ] as const) {
      const late = await withFiles(second, 20)
      await (await withFiles(first)).hold('x', 'unavailable', async () => {
        await expect(take(late)).rejects.toMatchObject(refusal)
      })
      expect(await take(late)).toBe('held')
    }
  })

  it('fails and comes back while one is held, exclude all the same', async () => {
    await (await withFiles(redis)).hold('x', 'unavailable', async (lease) => {
      await server.destroy()
      await expect(take(await withFiles(redis, 20))).rejects.toMatchObject(refusal)
      server = await useRedis(cleanup, { port: server.port })
      while (!redis.isAvailable()) await new Promise(setImmediate)
      await expect(take(await withFiles(redis, 20))).rejects.toMatchObject(refusal)
      expect(lease.isHeld()).toBe(true)
    })
    expect(await take(await withFiles(redis, 20))).toBe('held')
  })

  it('is away, without a shared folder, are refused with a time to come again', async () => {
    const leases = createRedisLeases({ redis, bridge: 50 })
    expect(await take(leases)).toBe('held')
    await server.destroy()
    const refused = leases.hold('x', 'uploadBusy', async () => 'held')
    await expect(refused).rejects.toMatchObject({ ...refusal, headers: { 'Retry-After': '2' } })
  })

  it('is away for a moment, without a shared folder, are waited for', async () => {
    const leases = createRedisLeases({ redis })
    await server.destroy()
    const waiting = take(leases)
    await useRedis(cleanup, { port: server.port })
    expect(await waiting).toBe('held')
  })

  it('is frozen, without a shared folder, are lost after their time', async () => {
    const leases = createRedisLeases({ redis, ttl: 300 })
    await leases.hold('x', 'unavailable', async (lease) => {
      server.freeze()
      while (lease.isHeld()) await new Promise(setImmediate)
    })
    server.thaw()
  })

  it('is frozen, without a shared folder, are had again if nobody else had them', async () => {
    const leases = createRedisLeases({ redis, ttl: 300 })
    await leases.hold('x', 'unavailable', async (lease) => {
      server.freeze()
      while (lease.isHeld()) await new Promise(setImmediate)
      server.thaw()
      while (!lease.isHeld()) await new Promise(setImmediate)
    })
  })
})
