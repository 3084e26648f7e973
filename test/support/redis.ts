/** Real Redis servers for tests: one, one with replica and sentinel, or a cluster. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Address } from '../../registry/redis/options.ts'
import type { Cleanup } from './cleanup.ts'
import { findFreePort } from './ports.ts'
import { run } from './run.ts'
import { startService } from './service.ts'

export type RedisServer = Awaited<ReturnType<typeof startRedis>>

type Options = { port?: number; args?: string[] }

const host = '127.0.0.1'
const forgetful = ['--save', '', '--appendonly', 'no']

/** Keeps nothing on disk: stopped and started again it is empty. */
export async function startRedis({ port, args = [] }: Options = {}) {
  const own = port ?? (await findFreePort())
  const home = await mkdtemp(join(tmpdir(), 'kura-redis-'))
  const service = await startService({
    command: 'redis-server',
    args: ['--port', `${own}`, '--bind', host, ...forgetful, '--dir', home, ...args],
    env: { PATH: process.env.PATH },
    cwd: home,
    ready: /Ready to accept connections/,
  })
  return {
    ...service,
    port: own,
    address: { host, port: own } satisfies Address,
    /** Has the server do one command and answers what it says. */
    command: (...words: string[]) => run('redis-cli', ['-h', host, '-p', `${own}`, ...words]),
    freeze: () => service.kill('SIGSTOP'),
    thaw: () => service.kill('SIGCONT'),
    /** SIGKILL, which ends a frozen one too. */
    async destroy() {
      await service.killAll()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** A server that goes when the tests of the file have ended. */
export async function useRedis(cleanup: Cleanup, options: Options = {}): Promise<RedisServer> {
  const server = await startRedis(options)
  cleanup.add(server.destroy)
  return server
}

/** A master called `main`, a replica, and a sentinel that replaces the master once it is silent. */
export async function useSentinel(cleanup: Cleanup) {
  const folder = await cleanup.folder()
  const master = await useRedis(cleanup, { args: ['--repl-diskless-sync-delay', '0'] })
  const replica = await useRedis(cleanup, { args: ['--replicaof', host, `${master.port}`] })
  await replica.said(/Finished with success/)
  const port = await findFreePort()
  const path = join(folder, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    `bind ${host}`,
    `sentinel monitor main ${host} ${master.port} 1`,
    'sentinel down-after-milliseconds main 500',
    'sentinel failover-timeout main 3000',
  ]
  await writeFile(path, lines.join('\n'))
  const sentinel = await startService({
    command: 'redis-sentinel',
    args: [path],
    env: { PATH: process.env.PATH },
    ready: /\+slave slave/,
  })
  cleanup.add(sentinel.killAll)
  return { master, replica, sentinel, address: { host, port } satisfies Address }
}

/** Three masters that share the keys among them. */
export async function useRedisCluster(cleanup: Cleanup): Promise<RedisServer[]> {
  const servers: RedisServer[] = []
  const nodes: string[] = []
  for (let count = 0; count < 3; count++) {
    // Unless told otherwise they talk among themselves on a port that somebody else may have.
    const bus = await findFreePort()
    const own = ['--cluster-enabled', 'yes', '--cluster-port', `${bus}`]
    const server = await useRedis(cleanup, { args: [...own, '--cluster-node-timeout', '2000'] })
    servers.push(server)
    nodes.push(`${host}:${server.port}@${bus}`)
  }
  await run('redis-cli', ['--cluster', 'create', ...nodes, '--cluster-yes'])
  for (const server of servers) await server.said(/Cluster state changed: ok/)
  return servers
}
