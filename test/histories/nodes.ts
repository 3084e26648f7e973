/**
 * Three registries as three machines have them: commands that share a storage and a Redis, in process
 * namespaces of their own, so that a lease of one that stands still is lost.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cleanup } from '../support/cleanup.ts'
import { type Kura, startKura } from '../support/kura.ts'
import { processTree } from '../support/processes.ts'

export type Nodes = Awaited<ReturnType<typeof startNodes>>

const count = 3

/** A tag whose name begins so may not be moved by a push. */
export const kept = 'kept-'
const policies = `
rules:
  - { name: all may do all, who: ["*"], repositories: ["**"], actions: ["*"] }
  - { name: some tags stay, effect: deny, who: ["*"], repositories: ["**"], tags: ["${kept}*"], actions: [overwrite] }
`

/** With `workers`, each has that many beside its gateway; without, its gateway is its registry. */
export async function startNodes(cleanup: Cleanup, env: NodeJS.ProcessEnv, workers = 0) {
  const folder = await cleanup.folder()
  await writeFile(join(folder, 'policy.yaml'), policies)
  const shared = {
    REGISTRY_KURA_PROCESSES: '1',
    REGISTRY_KURA_POLICIES: folder,
    REGISTRY_HTTP_SECRET: 'what three nodes of a test share',
    // A line for each of a million requests would be too much.
    REGISTRY_LOG_LEVEL: 'error',
    REGISTRY_LOG_ACCESSLOG_DISABLED: 'true',
    ...env,
  }
  const args = ['serve', ...(workers > 0 ? ['--workers', `${workers}`] : [])]
  const start = async () => {
    const kura = await startKura({ args, env: shared, isApart: true, ready: /is up on/ })
    cleanup.add(kura.destroy)
    return kura
  }
  // Not at once: each of them might take too long on a busy machine.
  const all: Kura[] = []
  while (all.length < count) all.push(await start())

  return {
    urls: all.map(({ url }) => url),
    /** Everything that was written to the logs. */
    said: () => all.map(({ output }) => output()).join(''),
    /** The processes of each that work, without those that look after them. */
    pids: () =>
      Promise.all(all.map(async ({ pid }) => (await processTree(pid)).slice(supervisors))),
  }
}

/** `unshare`, the shell in the new namespace, and the supervisor of kura. */
const supervisors = 3
