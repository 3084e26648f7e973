/** Real Redis servers for tests: one, one with replica and sentinel, or a cluster. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Address } from '../../registry/redis/options.ts'
import type { Cleanup } from './cleanup.ts'
import { findFreePort } from './ports.ts'
import { until } from './processes.ts'
import { run } from './run.ts'
import { startService } from './service.ts'

export type RedisServer = Awaited<ReturnType<typeof startRedis>>

/** The settings of a server that speaks TLS only, and the options with which redis-cli asks it. */
export type Tls = { settings: Record<string, string>; cli: string[] }

type Options = { port?: number; args?: string[]; tls?: Tls | undefined }

const host = '127.0.0.1'
const forgetful = ['--save', '', '--appendonly', 'no']

/** Keeps nothing on disk: stopped and started again it is empty. */
export async function startRedis({ port, args = [], tls }: Options = {}) {
  const own = port ?? (await findFreePort())
  const listening = Object.entries(listenOn(own, tls)).flatMap(([name, it]) => [`--${name}`, it])
  const home = await mkdtemp(join(tmpdir(), 'kura-redis-'))
  const service = await startService({
    command: 'redis-server',
    args: [...listening, ...forgetful, '--dir', home, ...args],
    env: { PATH: process.env.PATH },
    cwd: home,
    ready: /Ready to accept connections/,
  })
  return {
    ...service,
    port: own,
    address: { host, port: own } satisfies Address,
    /** Has the server do one command and answers what it says. */
    command: (...words: string[]) =>
      run('redis-cli', ['-h', host, '-p', `${own}`, ...(tls?.cli ?? []), ...words]),
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

/** As lines of a configuration file have it; without TLS or with nothing else. */
function listenOn(port: number, tls: Tls | undefined): Record<string, string> {
  const ports = tls ? { port: '0', 'tls-port': `${port}`, ...tls.settings } : { port: `${port}` }
  return { ...ports, bind: host }
}

/** A master called `main`, a replica, and a sentinel that replaces the master once it is silent. */
export async function useSentinel(cleanup: Cleanup, tls?: Tls) {
  const folder = await cleanup.folder()
  const master = await useRedis(cleanup, { args: ['--repl-diskless-sync-delay', '0'], tls })
  const replica = await useRedis(cleanup, { args: ['--replicaof', host, `${master.port}`], tls })
  await replica.said(/Finished with success/)
  const port = await findFreePort()
  const path = join(folder, 'sentinel.conf')
  const lines = [
    ...Object.entries(listenOn(port, tls)).map((line) => line.join(' ')),
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

type ClusterOptions = { tls?: Tls; replicas?: number; nodeTimeout?: number }

const masters = 3
const slots = 16_384

/** Three masters that share the keys among them; behind them as many replicas, of the first ones. */
export async function useRedisCluster(
  cleanup: Cleanup,
  { tls, replicas = 0, nodeTimeout = 2_000 }: ClusterOptions = {},
): Promise<RedisServer[]> {
  const start = async () => {
    // Unless told otherwise they talk among themselves on a port that somebody else may have.
    const bus = await findFreePort()
    const own = ['--cluster-enabled', 'yes', '--cluster-port', `${bus}`]
    const patience = ['--cluster-node-timeout', `${nodeTimeout}`]
    const args = [...own, ...patience, '--repl-diskless-sync-delay', '0']
    return { server: await useRedis(cleanup, { args, tls }), bus }
  }
  const nodes = await Promise.all(Array.from({ length: masters + replicas }, start))
  const servers = nodes.map(({ server }) => server)
  await Promise.all(servers.map((server, index) => server.command(...firstWords(index))))
  for (const { server, bus } of nodes.slice(1)) {
    await servers[0]?.command('cluster', 'meet', host, `${server.port}`, `${bus}`)
  }
  for (const server of servers) await server.said(/Cluster state changed: ok/)
  await Promise.all(servers.slice(masters).map((server, of) => follow(server, servers[of])))
  return servers
}

/** A master is told its share of the slots, a replica an order that is its own too. */
function firstWords(index: number): string[] {
  if (index >= masters) return ['cluster', 'set-config-epoch', `${index + 1}`]
  const bound = (count: number) => Math.floor((slots * count) / masters)
  return ['cluster', 'addslotsrange', `${bound(index)}`, `${bound(index + 1) - 1}`]
}

async function follow(server: RedisServer, master: RedisServer | undefined): Promise<void> {
  const id = (await master?.command('cluster', 'myid'))?.trim() ?? ''
  // Until it has heard of that master.
  await until(async () => (await server.command('cluster', 'replicate', id)) === 'OK\n')
  await server.said(/Finished with success/)
}
