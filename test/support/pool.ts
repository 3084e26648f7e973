/** The ways in which a gateway may have its registry, each with servers of the test's own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { meetExpectations } from '../../gateway/listen/expectations.ts'
import { answerInTurn } from '../../gateway/listen/in-turn.ts'
import { type FindAddresses, findByName, findInFolder } from '../../gateway/pool/addresses.ts'
import { createCallSigner } from '../../gateway/pool/call-signer.ts'
import { createInProcessPool } from '../../gateway/pool/in-process.ts'
import type { Pool } from '../../gateway/pool/pool.ts'
import { createProbe } from '../../gateway/pool/probe.ts'
import { createProxiedPool } from '../../gateway/pool/proxied.ts'
import { createWorkerApp } from '../../gateway/pool/worker-app.ts'
import { createWorkers } from '../../gateway/pool/workers.ts'
import type { Policy } from '../../policies/engine/decision.ts'
import { createRegistry, type Registry, type RegistryParts } from '../../registry/app.ts'
import { createBlobSender } from '../../registry/http/send.ts'
import { close, listening } from './http-server.ts'

/** In one process; workers beside the gateway that share its disk; workers on other machines. */
export type Topology = 'whole' | 'beside' | 'apart'

type Parts = { registry: RegistryParts; policy: () => Policy; onError: (error: Error) => void }
type Opened = { pool: Pool; purge: Registry['purge']; closePool: () => Promise<void> }

export const poolSecret = 'a secret of gateways and workers'

/** The topology of all tests of a run, by jest's configuration; one process where it names none. */
export function standardTopology(): Topology {
  return (globalThis as { topology?: Topology }).topology ?? 'whole'
}

export async function openPool(topology: Topology, parts: Parts): Promise<Opened> {
  const reportBadLink = once(parts.registry.reportBadLink)
  const first = createRegistry({ ...parts.registry, reportBadLink: reportBadLink() })
  const { purge } = first
  if (topology === 'whole') {
    return { pool: createInProcessPool(first), purge, closePool: async () => {} }
  }

  const folder = await mkdtemp(join(tmpdir(), 'kura-pool-'))
  // Two that know nothing of each other, so that no test can rely on what one remembers.
  const second = createRegistry({ ...parts.registry, reportBadLink: reportBadLink() })
  const registries = [first, second]
  const places = registries.map((_, index) =>
    topology === 'beside'
      ? { path: join(folder, `worker-${index}.sock`) }
      : { port: 0, host: '127.0.0.1' },
  )
  const servers = registries.map((registry) => workerOf(registry, parts))
  await Promise.all(servers.map((server, index) => listening(server, places[index] ?? {})))

  const signer = createCallSigner(poolSecret)
  const workers = createWorkers({
    find: topology === 'beside' ? findInFolder(folder) : findServers(servers),
    probe: createProbe(signer),
    report: () => {},
  })
  const sendBlob = topology === 'beside' ? createBlobSender(parts.registry.storage) : undefined
  return {
    pool: createProxiedPool({ workers, signer, sendBlob }),
    purge,
    async closePool() {
      workers.close()
      await Promise.all(servers.map(close))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A failure of both registries is heard once; one that a registry tells twice is heard twice. */
function once(report: RegistryParts['reportBadLink']) {
  const most = new Map<string, number>()
  return (): RegistryParts['reportBadLink'] => {
    const own = new Map<string, number>()
    return (path, found) => {
      const count = (own.get(path) ?? 0) + 1
      own.set(path, count)
      if (count <= (most.get(path) ?? 0)) return
      most.set(path, count)
      report(path, found)
    }
  }
}

function workerOf(registry: Registry, { policy, onError }: Parts): Server {
  const app = createWorkerApp({
    signer: createCallSigner(poolSecret),
    policy,
    isLeaving: () => false,
    registry: createInProcessPool(registry),
  })
  app.on('error', onError)
  const server = createServer(app.callback())
  answerInTurn(server)
  meetExpectations(server)
  return server
}

function findServers(servers: Server[]): FindAddresses {
  return findByName(
    servers.map((it) => {
      const { port } = it.address() as AddressInfo
      return { text: `localhost:${port}`, host: 'localhost', port }
    }),
  )
}
