/** A small server in the place of a registry, that answers as a test wants, and remembers what it was asked. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fixedCredentials } from '../../upstream/access/credentials.ts'
import type { Kind, UpstreamError } from '../../upstream/error.ts'
import { createUpstream, type UpstreamOptions } from '../../upstream/registry.ts'
import type { Cleanup } from '../support/cleanup.ts'
import { close, listening } from '../support/http-server.ts'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

export type Fake = { url: URL; asked: IncomingMessage[]; server: Server }

export async function startFake(
  cleanup: Cleanup,
  answer: Answer,
  tls?: ServerOptions,
): Promise<Fake> {
  const asked: IncomingMessage[] = []
  const listener: Answer = (request, response) => {
    asked.push(request)
    request.resume()
    answer(request, response)
  }
  const server = tls ? createTlsServer(tls, listener) : createServer(listener)
  await listening(server, { port: 0, host: '127.0.0.1' })
  cleanup.add(() => close(server))
  const { port } = server.address() as AddressInfo
  return { url: new URL(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`), asked, server }
}

export function open(cleanup: Cleanup, url: URL, options: Partial<UpstreamOptions> = {}) {
  const upstream = createUpstream({ url, userAgent: 'kura/test', ...options })
  cleanup.add(upstream.close)
  return upstream
}

export const login = (username: string, password: string) =>
  fixedCredentials({ username, password })

/** How a call failed: the kind of it and what it says to people. */
export async function failure(call: Promise<unknown>): Promise<[kind: Kind, message: string]> {
  const error = (await call.then(
    (found) => Promise.reject(new Error(`no failure but ${JSON.stringify(found)}`)),
    (error) => error,
  )) as UpstreamError
  if (error.name !== 'UpstreamError') throw error
  return [error.kind, error.message]
}

/** Writes for as long as anybody reads. */
export function pour(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024)
  const more = () => {
    while (!response.destroyed && response.write(chunk)) {}
  }
  response.on('drain', more)
  more()
}

export function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write('x'), 50)
  response.on('close', () => clearInterval(timer))
}
