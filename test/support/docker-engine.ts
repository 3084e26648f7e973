/** A Docker engine of the test's own: its own socket, images and client settings, no network. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'
import { folderInMemory } from './memory.ts'
import { run } from './run.ts'
import { startService } from './service.ts'

export type DockerEngine = Awaited<ReturnType<typeof startDockerEngine>>

/** Twice the room of the largest image that a test builds. */
const room = 1024 ** 3

/** `daemon` is what its daemon.json holds. */
export async function startDockerEngine(cleanup: Cleanup, daemon: Record<string, unknown> = {}) {
  const [folder, data] = [await cleanup.folder(), await folderInMemory(cleanup, room)]
  for (const each of [folder, data]) cleanup.add(() => unmountBelow(each))
  const settings = join(folder, 'daemon.json')
  await writeFile(settings, JSON.stringify(daemon))
  const socket = `unix://${join(folder, 'socket')}`
  const { PATH } = process.env
  const engine = await startService({
    command: 'dockerd',
    args: [
      `--config-file=${settings}`,
      `--data-root=${data}`,
      `--exec-root=${join(folder, 'exec')}`,
      `--pidfile=${join(folder, 'pid')}`,
      `--host=${socket}`,
      '--iptables=false',
      '--ip6tables=false',
      '--bridge=none',
    ],
    env: { PATH: `${PATH}:/usr/sbin:/sbin`, HOME: folder },
    ready: /API listen on/,
  })
  cleanup.add(engine.stop)

  const client = join(folder, 'client')
  await mkdir(client)
  // The builder without BuildKit needs nothing beside the engine.
  const env = {
    PATH,
    HOME: client,
    DOCKER_CONFIG: client,
    DOCKER_HOST: socket,
    DOCKER_BUILDKIT: '0',
  }

  return {
    /** Runs the client; answers what it wrote. */
    docker: (...args: string[]) => run('docker', args, { env }),
    /** The environment of a client of it. */
    env,
    output: engine.output,
    /** An empty folder to build from. */
    folder: client,
  }
}

/** An engine that had to be killed may leave mounts behind. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((it) => it.split(' ')[1])
  for (const path of mounts.reverse()) {
    if (path?.startsWith(`${folder}/`)) await run('umount', ['--lazy', path])
  }
}
