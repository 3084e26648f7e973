/** The file system as a storage: a temporary folder for each peer. */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Stage } from './stage.ts'
import { large, type Storage } from './storage.ts'

export async function openFolder(stage: Stage): Promise<Storage> {
  const root = await stage.folder()
  return {
    config: `filesystem: { rootdirectory: ${root} }`,
    async removeLarge() {
      const blobs = join(root, 'docker/registry/v2/blobs')
      const names = await readdir(blobs, { recursive: true }).catch(() => [])
      for (const path of names.filter((name) => name.endsWith('/data'))) {
        const file = join(blobs, path)
        if ((await stat(file)).size >= large) await rm(file)
      }
    },
  }
}
