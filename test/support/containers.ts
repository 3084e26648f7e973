/** podman, buildah and skopeo with images and settings of their own, away from those of the user. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'
import { run } from './run.ts'

export type Containers = Awaited<ReturnType<typeof openContainers>>

type Options = {
  /** Parts of layers are taken from what is here already, which needs a store on overlayfs. */
  partial?: boolean
}

export async function openContainers(cleanup: Cleanup, { partial = false }: Options = {}) {
  const folder = await cleanup.folder()
  const runtime = join(folder, 'runtime')
  await mkdir(runtime, { mode: 0o700 })
  const logins = join(folder, 'auth.json')
  await writeFile(logins, '{}')
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    XDG_RUNTIME_DIR: runtime,
    REGISTRY_AUTH_FILE: logins,
    TMPDIR: runtime,
    ...(partial && { CONTAINERS_STORAGE_CONF: await writePartialStore(folder) }),
  }
  const ownStore = [
    `--root=${join(folder, 'store')}`,
    `--runroot=${join(runtime, 'store')}`,
    '--storage-driver=vfs',
  ]
  // Said on the command line, a place would make podman forget the file with the rest.
  const store = partial ? [] : ownStore
  return {
    /** Where a test may put its files. */
    folder,
    podman: (...args: string[]) =>
      run('podman', [...store, `--tmpdir=${join(runtime, 'podman')}`, ...args], { env }),
    buildah: (...args: string[]) => run('buildah', [...store, ...args], { env }),
    skopeo: (...args: string[]) => run('skopeo', ['--insecure-policy', ...args], { env }),
  }
}

async function writePartialStore(folder: string): Promise<string> {
  const file = join(folder, 'storage.conf')
  const lines = [
    '[storage]',
    'driver = "overlay"',
    `graphroot = "${join(folder, 'store')}"`,
    `runroot = "${join(folder, 'runtime', 'store')}"`,
    '[storage.options]',
    'pull_options = { enable_partial_images = "true", use_hard_links = "false", ostree_repos = "" }',
  ]
  await writeFile(file, lines.join('\n'))
  return file
}
