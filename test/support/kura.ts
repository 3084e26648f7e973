/** kura as its users run it: the command `bin/kura` of a release, as a process of its own with a port and a folder. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { findFreePort } from './ports.ts'
import { inOwnWorld } from './processes.ts'
import { command, compiled } from './release.ts'
import { startService } from './service.ts'

type Options = {
  /** The text of a configuration file; port and folder are set over it. */
  config?: string
  env?: NodeJS.ProcessEnv
  /** The folder to serve; without it a temporary one that goes when kura is stopped. */
  root?: string
  port?: number
  /** The command line, where it is not `serve` with the configuration. */
  args?: string[]
  /** On all addresses of this machine instead of its own alone. */
  listenEverywhere?: boolean
  /** As in a container: others can tell by its heartbeat alone whether it lives. */
  isApart?: boolean
  /** A line of its output once it listens, where that is not in its log. */
  ready?: RegExp
}

export type Kura = Awaited<ReturnType<typeof startKura>>

/** Resolves once it is listening; rejects with what it wrote when it ends before that. */
export async function startKura(options: Options = {}) {
  const home = await mkdtemp(join(tmpdir(), 'kura-home-'))
  const root = options.root ?? join(home, 'data')
  const port = options.port ?? (await findFreePort())
  const removeHome = () => rm(home, { recursive: true, force: true })
  if (options.config !== undefined) await writeFile(join(home, 'config.yml'), options.config)

  const args = options.args ?? (options.config === undefined ? ['serve'] : ['serve', 'config.yml'])

  const service = await startService({
    ...(options.isApart ? inOwnWorld(command, args) : { command, args }),
    cwd: home,
    env: environment({
      REGISTRY_HTTP_ADDR: `${options.listenEverywhere ? '' : '127.0.0.1'}:${port}`,
      REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: root,
      REGISTRY_STORAGE_DELETE_ENABLED: 'true',
      ...options.env,
    }),
    ready: options.ready ?? /listening on/,
  }).catch(async (error) => {
    await removeHome()
    throw error
  })

  return {
    ...service,
    port,
    /** The host in the name of an image. */
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    root,
    /** Waits for it to end, and removes what was made for it. */
    async stop() {
      const exit = await service.stop()
      await removeHome()
      return exit
    },
    /** SIGKILL for the supervisor and all its processes at once; a temporary folder goes too. */
    async destroy() {
      const exit = await service.killAll()
      await removeHome()
      return exit
    },
  }
}

export type Ended = { code: number; stdout: string; stderr: string }

/** Runs a command line of kura to its end, as the user with the number `as` where that is given. */
export async function runKura(
  args: string[],
  { env = {}, cwd, as }: { env?: NodeJS.ProcessEnv; cwd?: string; as?: number } = {},
): Promise<Ended> {
  const child = spawn(command, args, {
    env: environment(env),
    cwd: cwd ?? tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
    ...(as !== undefined && { uid: as, gid: as }),
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { code, stdout, stderr }
}

/** Nothing of what the tests themselves run with, but for the way to the programs. */
function environment(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PATH } = process.env
  return { PATH, HOME: '/nonexistent', NODE_COMPILE_CACHE: compiled, ...own }
}
