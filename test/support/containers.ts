/** podman, buildah and skopeo with images and settings of their own, away from those of the user. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'
import { run } from './run.ts'

export type Containers = Awaited<ReturnType<typeof openContainers>>

export async function openContainers(cleanup: Cleanup) {
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
  }
  const store = [
    `--root=${join(folder, 'store')}`,
    `--runroot=${join(runtime, 'store')}`,
    '--storage-driver=vfs',
  ]
  return {
    /** Where a test may put its files. */
    folder,
    podman: (...args: string[]) =>
      run('podman', [...store, `--tmpdir=${join(runtime, 'podman')}`, ...args], { env }),
    buildah: (...args: string[]) => run('buildah', [...store, ...args], { env }),
    skopeo: (...args: string[]) => run('skopeo', ['--insecure-policy', ...args], { env }),
  }
}
