/**
 * kura as a whole in each of the ways it can be run, by its real commands on this machine: processes
 * that are gateway and registry in one, gateways with workers beside them, and commands of their own.
 */
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'
import { type Kura, startKura } from './kura.ts'
import { findFreePort } from './ports.ts'
import { processTree } from './processes.ts'
import type { Exit } from './service.ts'

export const topologies = ['whole', 'workers', 'cluster'] as const
export type TopologyKind = (typeof topologies)[number]

type Options = {
  /** The text of a configuration file that all commands read. */
  config?: string
  /** For all commands, over what the topology itself sets. */
  env?: NodeJS.ProcessEnv
  /** How many processes each command has of each kind. */
  processes?: number
}

export type Topology = Awaited<ReturnType<typeof startTopology>>
/** Those that are gateway and registry in one are in both lists. */
export type Pids = { supervisors: number[]; gateways: number[]; workers: number[] }

/** The commands, gateways first: that is how they can be stopped without a request cut short. */
type Commands = { gateways: Kura[]; workers: Kura[] }
type Start = (args: string[], env: NodeJS.ProcessEnv, port?: number) => Promise<Kura>

const secret = 'shared by the commands of a test'
/** Of each kind of command, where each is one of its own. */
const machines = 2

/** Everything is on one folder and on loopback. What was started has gone when the test has. */
export async function startTopology(kind: TopologyKind, cleanup: Cleanup, options: Options = {}) {
  const { config, env = {}, processes = kind === 'cluster' ? 1 : 2 } = options
  const folder = await cleanup.folder()
  const root = join(folder, 'data')
  const sockets = join(folder, 'tmp')
  await mkdir(sockets)
  const own = { REGISTRY_KURA_PROCESSES: `${processes}`, TMPDIR: sockets }

  const start: Start = async (args, its, port) => {
    const file = config === undefined ? [] : ['config.yml']
    const kura = await startKura({
      root,
      args: [...args, ...file],
      env: { ...own, ...its, ...env },
      ...(config !== undefined && { config }),
      ...(port !== undefined && { port }),
    })
    cleanup.add(kura.destroy)
    return kura
  }
  const ports = await Promise.all(Array.from({ length: machines }, findFreePort))
  const shared = {
    REGISTRY_HTTP_SECRET: secret,
    REGISTRY_KURA_WORKERS_ADDRESSES: JSON.stringify(ports.map((port) => `127.0.0.1:${port}`)),
  }
  const startWorker = (index: number) =>
    start(['worker'], { ...shared, REGISTRY_KURA_WORKERS_LISTEN: `127.0.0.1:${ports[index]}` })

  const starts: Record<TopologyKind, () => Promise<Commands>> = {
    whole: async () => ({ gateways: [await start(['serve'], {})], workers: [] }),
    workers: async () => ({
      gateways: [await start(['serve', '--workers', `${processes}`], {})],
      workers: [],
    }),
    async cluster() {
      const workers = await Promise.all(ports.map((_, index) => startWorker(index)))
      const gateways = await Promise.all(ports.map(() => start(['gateway'], shared)))
      return { gateways, workers }
    },
  }
  const { gateways, workers } = await starts[kind]()
  const commands = () => [...gateways, ...workers]

  return {
    kind,
    root,
    /** Of each gateway command. */
    urls: gateways.map(({ url }) => url),
    url: gateways[0]?.url ?? '',
    /** The host in the name of an image. */
    host: gateways[0]?.host ?? '',
    /** The settings that the commands of a cluster share. */
    secret,
    /** Where the worker commands listen, in a cluster. */
    workerPorts: kind === 'cluster' ? ports : [],
    output: () =>
      commands()
        .map((it) => it.output())
        .join('\n'),
    commands,
    pids,
    /** The sockets of workers on this machine. */
    socketPaths,
    /** SIGHUP for every command, one after the other; resolves once all processes are replaced. */
    async reload() {
      for (const command of [...workers, ...gateways]) await reload(command)
    },
    /** SIGTERM for a worker command, and a new one on its port. */
    async restartWorker(index: number) {
      await workers[index]?.stop()
      workers[index] = await startWorker(index)
    },
    /** In the order in which nobody is turned away. Answers how each command ended. */
    async stop(): Promise<Exit[]> {
      const ended = await Promise.all(gateways.map((it) => it.stop()))
      return [...ended, ...(await Promise.all(workers.map((it) => it.stop())))]
    },
    /** SIGKILL for everything, where nothing depends on how it ends. */
    async destroy(): Promise<void> {
      await Promise.all(commands().map((it) => it.destroy()))
    },
  }

  async function pids(): Promise<Pids> {
    const of = (kuras: Kura[]) => Promise.all(kuras.map((it) => processTree(it.pid)))
    const [fronts, backs] = [await of(gateways), await of(workers)]
    const supervisors = [...fronts, ...backs].flatMap((tree) => tree.slice(0, 1))
    const [near, far] = [fronts, backs].map((trees) => trees.flatMap((tree) => tree.slice(1)))
    if (kind !== 'workers') {
      return { supervisors, gateways: near ?? [], workers: (kind === 'whole' ? near : far) ?? [] }
    }
    const named = (await socketPaths()).map((path) => Number(/worker-(\d+)\.sock$/.exec(path)?.[1]))
    // A socket may be there for a moment longer than its worker.
    const beside = (near ?? []).filter((pid) => named.includes(pid))
    const others = (near ?? []).filter((pid) => !named.includes(pid))
    return { supervisors, gateways: others, workers: beside }
  }

  async function socketPaths(): Promise<string[]> {
    const found = await readdir(sockets, { recursive: true })
    return found.filter((name) => name.endsWith('.sock')).map((name) => join(sockets, name))
  }
}

/** Resolves when it has said so once more than before. */
async function reload(command: Kura): Promise<void> {
  const before = command.output().match(/\breloaded\b/g)?.length ?? 0
  const once = '\\breloaded\\b[^]*?'
  command.kill('SIGHUP')
  await command.said(new RegExp(`(?:${once}){${before + 1}}`))
}

/** Those of `pids` that still run. */
export async function stillRunning(pids: Pids): Promise<number[]> {
  const all = [...pids.supervisors, ...pids.gateways, ...pids.workers]
  const trees = await Promise.all([...new Set(all)].map(processTree))
  return trees.flatMap((tree) => tree.slice(0, 1))
}
