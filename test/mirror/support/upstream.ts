/**
 * An upstream for mirrors: `docker-registry` with a gate before it, which counts what is asked, and can fail, wait
 * or lie in place of the registry.
 */
import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  request as open,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { beforeAll, beforeEach } from '@jest/globals'
import type { Cleanup } from '../../support/cleanup.ts'
import { startDistribution } from '../../support/distribution.ts'
import { close, listening } from '../../support/http-server.ts'

/** Answers in place of the registry, or false to let it answer. */
type Meddling = (asked: IncomingMessage, answer: ServerResponse) => boolean

export type Upstream = Awaited<ReturnType<typeof startUpstream>>

export async function startUpstream(cleanup: Cleanup) {
  const registry = await startDistribution(cleanup, await cleanup.folder())
  return { registry, ...(await startGate(cleanup, registry.url)) }
}

/** One for all tests of a file or a `describe`; before each it answers as it should, and what was asked is forgotten. */
export function useUpstream(cleanup: Cleanup): Upstream {
  const upstream = {} as Upstream
  beforeAll(async () => {
    Object.assign(upstream, await startUpstream(cleanup))
  })
  beforeEach(() => {
    upstream.heal()
    upstream.asked()
  })
  return upstream
}

export async function startGate(cleanup: Cleanup, target: string) {
  const asked: string[] = []
  let meddle: Meddling = () => false
  let change: (body: IncomingMessage, answer: ServerResponse) => Promise<void> = pipeline
  const server = createServer((incoming, answer) => {
    asked.push(`${incoming.method} ${incoming.url}`)
    if (meddle(incoming, answer)) return
    const forwarded: ClientRequest = open(`${target}${incoming.url}`, {
      method: incoming.method,
      headers: { ...incoming.headers, host: new URL(target).host },
    })
    forwarded.on('error', () => answer.destroy())
    forwarded.once('response', (response) => {
      answer.writeHead(response.statusCode ?? 500, response.headers)
      const isBlob = /\/blobs\/sha256:/.test(incoming.url ?? '') && incoming.method === 'GET'
      const sending = isBlob ? change(response, answer) : pipeline(response, answer)
      sending.catch(() => answer.destroy())
    })
    pipeline(incoming, forwarded).catch(() => {})
  })
  await listening(server, { port: 0, host: '127.0.0.1' })
  cleanup.add(() => close(server))
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    /** What was asked since the last call. */
    asked: () => asked.splice(0),
    meddle(now: Meddling): void {
      meddle = now
    },
    /** Every request is answered with this status. */
    fail(status: number, headers: Record<string, string> = {}): void {
      meddle = (_, answer) => {
        answer.writeHead(status, headers).end()
        return true
      }
    },
    /** How the bytes of blobs are sent. */
    sendBlobs(now: typeof change): void {
      change = now
    },
    /** Lets the registry answer again, as it does. */
    heal(): void {
      meddle = () => false
      change = pipeline
    },
  }
}
