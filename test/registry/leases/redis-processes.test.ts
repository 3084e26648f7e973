/** Leases in Redis between real processes, some of which are killed or frozen while they hold one. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, expect, it } from '@jest/globals'
import { createRedisLeases } from '../../../registry/leases/redis.ts'
import { openRedis, type Redis } from '../../../registry/redis/open.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { until } from '../../support/processes.ts'
import { describeWith } from '../../support/programs.ts'
import { type RedisServer, useRedis } from '../../support/redis.ts'

const holder = fileURLToPath(new URL('./redis-holder.ts', import.meta.url))

describeWith(['redis-server'], 'leases in Redis', () => {
  const cleanup = useCleanup()
  const children: ChildProcess[] = []
  let server: RedisServer
  let redis: Redis
  beforeAll(async () => {
    server = await useRedis(cleanup)
    redis = await openRedis({ addresses: [server.address] })
    cleanup.add(redis.close)
  })
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  function start(ttl: number, ...args: string[]): ChildProcess {
    const all = [holder, `${server.port}`, `${ttl}`, ...args]
    const child = spawn(process.execPath, all, { stdio: ['pipe', 'pipe', 'inherit'] })
    children.push(child)
    return child
  }
  const line = async (child: ChildProcess) => {
    const [chunk] = await once(child.stdout ?? child, 'data')
    return String(chunk).trim()
  }
  const take = (longest: number) =>
    createRedisLeases({ redis, longest }).hold('x', 'unavailable', async () => 'held')

  it('let one process in at a time', async () => {
    const counter = join(await cleanup.folder(), 'counter')
    await writeFile(counter, '0')
    const counting = [1, 2, 3].map(() => start(10_000, 'count', counter, '50'))
    const ends = await Promise.all(counting.map((child) => once(child, 'exit')))
    expect(ends.map(([code]) => code)).toEqual([0, 0, 0])
    expect(await readFile(counter, 'utf8')).toBe('150')
  })

  it('that Redis has forgotten are taken up again by the process that holds them', async () => {
    const child = start(1_500, 'hold')
    expect(await line(child)).toBe('held')
    await server.command('flushall')
    await until(async () => (await server.command('exists', 'kura:{lease:x}:owner')) === '1\n')
    await expect(take(50)).rejects.toMatchObject({ reason: 'unavailable' })
  })

  it('of a killed process come free by themselves, after their time and not before', async () => {
    const child = start(2_000, 'hold')
    expect(await line(child)).toBe('held')
    child.kill('SIGKILL')
    await once(child, 'exit')
    await expect(take(0)).rejects.toMatchObject({ reason: 'unavailable' })
    expect(await take(10_000)).toBe('held')
  })

  it('of a frozen process go to the next one, and it knows once it wakes up', async () => {
    const child = start(200, 'hold')
    expect(await line(child)).toBe('held')
    child.kill('SIGSTOP')
    const leases = createRedisLeases({ redis })
    await leases.hold('x', 'unavailable', async (lease) => {
      child.kill('SIGCONT')
      expect(await line(child)).toBe('lost')
      child.stdin?.end()
      await once(child, 'exit')
      // The lease is no longer its own, so it releases nothing when it ends.
      await expect(take(0)).rejects.toMatchObject({ reason: 'unavailable' })
      expect(lease.isHeld()).toBe(true)
    })
  })
})
