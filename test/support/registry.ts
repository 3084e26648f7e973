/**
 * A whole registry inside the test's own process, over HTTP on a port of its own: as one, or as a
 * gateway with workers behind it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Login } from '../../gateway/access/authenticate.ts'
import { createApp } from '../../gateway/app.ts'
import { answerClientErrors } from '../../gateway/listen/client-errors.ts'
import { meetExpectations } from '../../gateway/listen/expectations.ts'
import { answerInTurn } from '../../gateway/listen/in-turn.ts'
import { logErrors } from '../../gateway/log/errors.ts'
import { parseNetwork } from '../../network/range.ts'
import { openPolicy, type Policy } from '../../policies/engine/decision.ts'
import type { RegistryParts, RegistryRules } from '../../registry/app.ts'
import { openFileLeases } from '../../registry/leases/files.ts'
import { createInProcessLeases } from '../../registry/leases/in-process.ts'
import type { StorageDriver } from '../../registry/storage/driver.ts'
import { createFilesystemDriver } from '../../registry/storage/filesystem/driver.ts'
import { createInmemoryDriver } from '../../registry/storage/memory.ts'
import { openParts } from './gateway-parts.ts'
import { close, listening } from './http-server.ts'
import { openPool, standardTopology, type Topology } from './pool.ts'
import { type Kept, openKept } from './storage.ts'

type Options = {
  driver?: 'filesystem' | 'inmemory'
  /** In place of a driver; it is closed with the registry. */
  storage?: StorageDriver
  /** Where that is a bucket. */
  bucket?: RegistryParts['bucket']
  /** A folder to serve; without one a temporary folder is made and removed again. */
  root?: string
  rules?: Partial<RegistryRules>
  headers?: Record<string, string[]>
  policy?: Policy
  trustedProxies?: string[]
  login?: Login
  /** Without it, that of the whole run. */
  topology?: Topology
  /** The certificate of a server that speaks TLS. */
  tls?: { cert: string; key: string }
  /** Is given the server before it listens. */
  prepare?: (server: Server) => void
}

export type TestRegistry = Awaited<ReturnType<typeof startRegistry>>

export const openRules: RegistryRules = {
  readOnly: false,
  deleteEnabled: true,
  largestCatalogPage: 1000,
  largestTagPage: 1000,
  classes: [],
  references: { disabled: false, allowsUrl: undefined, needsChild: () => true },
  locations: { host: undefined, relative: undefined, prefix: '/' },
}

/** The storage of the options, or else of the file, or else a folder. */
async function openStorage(options: Options, folder: string): Promise<Kept> {
  const { storage, bucket, driver, root } = options
  if (storage) return { storage, bucket }
  if (driver === 'inmemory') return { storage: createInmemoryDriver() }
  const kept = driver || root ? undefined : await openKept()
  return kept ?? { storage: createFilesystemDriver({ root: folder }) }
}

export async function startRegistry(options: Options = {}) {
  const temporary = options.root ? undefined : await mkdtemp(join(tmpdir(), 'kura-test-'))
  const root = options.root ?? temporary ?? ''
  const onDisk = options.driver !== 'inmemory'
  const { storage, ...beside } = await openStorage(options, root)
  const leases = onDisk ? await openFileLeases(join(root, 'kura/leases')) : createInProcessLeases()
  const badLinks: string[] = []
  const failures: string[] = []
  const rules = { ...openRules, ...options.rules }

  const onError = logErrors({
    error: (fields: object) => failures.push(String(Object(fields)['err.message'])),
  })
  const policy = () => options.policy ?? openPolicy
  const { pool, purge, closePool } = await openPool(options.topology ?? standardTopology(), {
    registry: { storage, ...beside, leases, rules, reportBadLink: (path) => badLinks.push(path) },
    policy,
    onError,
  })
  const app = createApp({
    ...openParts,
    trustedProxies: (options.trustedProxies ?? []).map(parseNetwork),
    headers: options.headers ?? {},
    ...rules.locations,
    policy,
    login: options.login,
    pool,
  })
  app.on('error', onError)
  const http = { requireHostHeader: false }
  const server: Server = options.tls
    ? createSecureServer({ ...http, ...options.tls }, app.callback())
    : createServer(http, app.callback())
  answerInTurn(server)
  meetExpectations(server)
  answerClientErrors(server)
  options.prepare?.(server)
  await listening(server, { port: 0, host: '127.0.0.1' })
  const { port } = server.address() as AddressInfo

  return {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    root,
    storage,
    purge,
    /** Paths of links that were found damaged. */
    badLinks,
    /** The failures in the registry's log; empty at the end of most tests. */
    failures,
    async close() {
      await close(server)
      await closePool()
      await Promise.all([leases.close(), storage.close()])
      if (temporary) await rm(temporary, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
