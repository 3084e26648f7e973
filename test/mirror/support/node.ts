/** A process of a registry with mirrors, inside the test's own: several on one folder are those of a machine. */
import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from '../../../gateway/app.ts'
import { readMirrored } from '../../../gateway/http/mirrored.ts'
import { createMirror } from '../../../mirror/mirror.ts'
import { createRoutes } from '../../../mirror/routes.ts'
import type { MirrorSettings } from '../../../mirror/settings.ts'
import { usualPatience } from '../../../mirror/tags/patience.ts'
import { createRegistry } from '../../../registry/app.ts'
import { openFileLeases } from '../../../registry/leases/files.ts'
import type { StorageDriver } from '../../../registry/storage/driver.ts'
import { createFilesystemDriver } from '../../../registry/storage/filesystem/driver.ts'
import { createUpstream } from '../../../upstream/registry.ts'
import { hasComeThrough } from '../../../upstream/via.ts'
import type { Cleanup } from '../../support/cleanup.ts'
import { openParts } from '../../support/gateway-parts.ts'
import { close, listening } from '../../support/http-server.ts'
import { openRules } from '../../support/registry.ts'

type Options = {
  root: string
  upstream: { url: string }
  settings?: Partial<MirrorSettings>
  /** In place of the folder; then downloads are kept in the folder alone. */
  storage?: StorageDriver
  /** A folder of leases that is not in `root`, for machines with folders of their own. */
  leases?: string
  /** In milliseconds, how long the upstream may take. */
  patience?: number
  /** In milliseconds, how long a process waits for a lease of another one. */
  leasePatience?: number
  /** In milliseconds, how long a client waits where an answer is here. */
  heldPatience?: number
}

export const everything = { allow: [], deny: [] }

export const usualSettings: MirrorSettings = {
  name: 'upstream.example',
  remoteUrl: '',
  prefix: 'up',
  namespaces: ['upstream.example'],
  defaults: [],
  hasLibrary: false,
  repositories: everything,
  tags: everything,
  tagTtlMs: 0,
  lingerMs: 60_000,
}

export type Node = Awaited<ReturnType<typeof startNode>>

/** Starts nodes of one upstream, each on a folder of its own unless it is told which. */
export function startingNodes(cleanup: Cleanup, upstream: Options['upstream']) {
  return async (root?: string, settings: Options['settings'] = {}) =>
    startNode(cleanup, { upstream, settings, root: root ?? (await cleanup.folder()) })
}

export async function startNode(cleanup: Cleanup, options: Options) {
  const { root, upstream, patience = 5_000, leasePatience = 12_000 } = options
  const settings = { ...usualSettings, remoteUrl: upstream.url, ...options.settings }
  const folder = createFilesystemDriver({ root })
  const storage = options.storage ?? folder
  const place = options.leases ?? `${root}/kura/leases`
  const leases = await openFileLeases(place, { root, longest: leasePatience })
  const registry = createRegistry({ storage, leases, rules: openRules, reportBadLink() {} })
  const installation = `kura-${randomUUID()}`
  const times = { connect: patience, answer: patience, stall: patience, whole: patience }
  const client = createUpstream({
    ...{ url: new URL(upstream.url), userAgent: 'kura', installation, times },
  })
  const reports: string[] = []
  const mirror = createMirror({
    mirrors: [{ settings, upstream: client }],
    registry,
    local: options.storage && folder,
    rules: openRules,
    report: (_fields, message) => reports.push(message),
    patience: { ...usualPatience, heldMs: options.heldPatience ?? usualPatience.heldMs },
  })
  const routes = createRoutes([settings])
  const names = {
    ...routes,
    isOwn: (via: string) => hasComeThrough(via, installation),
    ownHost: undefined,
  }
  const app = createApp({
    ...openParts,
    mirrored: [readMirrored(names)],
    pool: { forward: mirror.handle },
  })
  app.on('error', () => {})
  const server: Server = createServer(app.callback())
  await listening(server, { port: 0, host: '127.0.0.1' })
  const { port } = server.address() as AddressInfo
  let isStopped = false

  /** The downloads end where they are, as when the process is told to stop. */
  async function stop(): Promise<void> {
    if (isStopped) return
    isStopped = true
    await close(server)
    await mirror.close()
    await leases.close()
  }
  cleanup.add(stop)
  return {
    url: `http://127.0.0.1:${port}`,
    ...{ root, storage, reports, stop, registry, sweep: mirror.sweep },
  }
}
