/**
 * kura on many nodes, by its real commands on this machine: three workers and two gateways that share
 * nothing but a storage and perhaps a Redis, and HAProxy in front of the gateways, without affinity.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cephKeys } from './ceph.ts'
import type { Cleanup } from './cleanup.ts'
import { type Kura, startKura } from './kura.ts'
import { findFreePort } from './ports.ts'
import { endProcess, processTree, until } from './processes.ts'
import { startService } from './service.ts'

type Variables = NodeJS.ProcessEnv
export type Cluster = Awaited<ReturnType<typeof startCluster>>
export type Command = 'gateways' | 'workers'
type Address = { host: string; port: number }

const workers = 3
const gateways = 2
const secret = 'shared by the commands of a test'

/** Every client may do everything, but for one kind of tag. */
export const keptTag = 'kept-1'
const policies = `
rules:
  - { name: all may do all, who: ["*"], repositories: ["**"], actions: ["*"] }
  - { name: some tags stay, effect: deny, who: ["*"], repositories: ["**"], tags: ["kept-*"], actions: [overwrite] }
`

/** The storage is a bucket, which is made by the test. */
export function onS3(endpoint: string, bucket = 'registry'): Variables {
  return {
    REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: undefined,
    REGISTRY_STORAGE_S3_BUCKET: bucket,
    REGISTRY_STORAGE_S3_REGIONENDPOINT: endpoint,
    REGISTRY_STORAGE_S3_FORCEPATHSTYLE: 'true',
    REGISTRY_STORAGE_S3_ACCESSKEY: cephKeys.accesskey,
    REGISTRY_STORAGE_S3_SECRETKEY: cephKeys.secretkey,
    REGISTRY_STORAGE_S3_CHUNKSIZE: `${partSize}`,
    REGISTRY_STORAGE_S3_MULTIPARTCOPYCHUNKSIZE: `${partSize}`,
    REGISTRY_STORAGE_S3_MULTIPARTCOPYTHRESHOLDSIZE: `${partSize}`,
    // Every byte comes from kura itself.
    REGISTRY_STORAGE_REDIRECT_DISABLE: 'true',
  }
}

/** The smallest there is, so that a layer of some size has many. */
export const partSize = 5 * 1024 * 1024

/** The storage is a folder that all can reach. */
export function onFolder(root: string): Variables {
  return { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: root }
}

/** `master` where the addresses are those of sentinels. */
export function withRedis(addresses: Address[], master?: string): Variables {
  return {
    REGISTRY_REDIS_ADDRS: `[${addresses.map(({ host, port }) => `${host}:${port}`).join(', ')}]`,
    ...(master && { REGISTRY_REDIS_MASTERNAME: master }),
  }
}

/** `env` is for all commands. What was started has gone when the test has. */
export async function startCluster(cleanup: Cleanup, env: Variables) {
  const folder = await cleanup.folder()
  await writeFile(join(folder, 'policy.yaml'), policies)
  const [sockets, ports] = [join(folder, 'tmp'), await freePorts(workers)]
  await mkdir(sockets)
  const shared = {
    REGISTRY_KURA_PROCESSES: '1',
    REGISTRY_KURA_POLICIES: folder,
    REGISTRY_HTTP_SECRET: secret,
    REGISTRY_KURA_WORKERS_ADDRESSES: JSON.stringify(ports.map((port) => `127.0.0.1:${port}`)),
    TMPDIR: sockets,
    ...env,
  }
  const start = async (name: string, own: Variables = {}): Promise<Kura> => {
    const kura = await startKura({ args: [name], env: { ...shared, ...own } })
    cleanup.add(kura.destroy)
    return kura
  }
  const startWorker = (port: number) =>
    start('worker', { REGISTRY_KURA_WORKERS_LISTEN: `127.0.0.1:${port}` })

  // Not all at once: each of them might take too long on a busy machine.
  const commands: Record<Command, Kura[]> = {
    workers: await Promise.all(ports.map(startWorker)),
    gateways: await Promise.all(Array.from({ length: gateways }, () => start('gateway'))),
  }
  const front = await startFront(cleanup, { folder, gateways: commands.gateways })

  return {
    ...front,
    /** Of each gateway. */
    urls: commands.gateways.map(({ url }) => url),
    commands,
    /** Where the workers listen, and what makes them believe a request. */
    workerPorts: ports,
    secret,
    /** The processes that work, without those that look after them. */
    async pids(kind: Command): Promise<number[]> {
      const trees = await Promise.all(commands[kind].map(({ pid }) => processTree(pid)))
      return trees.flatMap((tree) => tree.slice(1))
    },
    /** SIGKILL for what is running of a worker; resolves once another process has taken its place. */
    async killWorker(index: number): Promise<void> {
      const command = commands.workers[index % workers]
      const [, pid] = await processTree(command?.pid ?? 0)
      if (pid === undefined || !command) return
      endProcess(pid)
      await until(async () => {
        const [, next] = await processTree(command.pid)
        return next !== undefined && next !== pid
      })
    },
    /** SIGKILL for everything, where nothing depends on how it ends. */
    async destroy() {
      const all = [...commands.gateways, ...commands.workers]
      await Promise.all(all.map((it) => it.destroy()))
    },
  }
}

type Front = { folder: string; gateways: Kura[] }

/** `url` passes connections on, each to the next gateway; `perRequest` does so with requests. */
async function startFront(cleanup: Cleanup, { folder, gateways }: Front) {
  const [plain = 0, perRequest = 0] = await freePorts(2)
  const servers = gateways.map(({ host }, index) => `  server gateway${index} ${host}`)
  const lines = [
    ...['global', '  maxconn 2000', 'defaults', '  balance roundrobin', '  retries 0'],
    ...['connect 5s', 'client 10m', 'server 10m'].map((it) => `  timeout ${it}`),
    ...['listen connections', '  mode tcp', `  bind 127.0.0.1:${plain}`, ...servers],
    ...['listen requests', '  mode http', '  option httpclose', `  bind 127.0.0.1:${perRequest}`],
    ...servers,
    '',
  ]
  const file = join(folder, 'haproxy.cfg')
  await writeFile(file, lines.join('\n'))
  const service = await startService({
    command: 'haproxy',
    args: ['-W', '-db', '-f', file],
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    ready: /Loading success/,
  })
  cleanup.add(service.killAll)
  return { url: `http://127.0.0.1:${plain}`, perRequest: `127.0.0.1:${perRequest}` }
}

async function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, findFreePort))
}
