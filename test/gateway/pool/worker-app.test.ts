/** A worker answers what a gateway has signed, and nothing else that reaches its port. */
import { Agent, createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createCallSigner, type SignedCall } from '../../../gateway/pool/call-signer.ts'
import { createWorkerApp } from '../../../gateway/pool/worker-app.ts'
import { openPolicy } from '../../../policies/engine/decision.ts'
import { RegistryError } from '../../../registry/protocol/errors.ts'
import { exchange, head } from '../../protocol/support/raw.ts'
import { begin, send } from '../../support/http.ts'
import { close, listening } from '../../support/http-server.ts'
import { poolSecret } from '../../support/pool.ts'

const call: SignedCall = {
  requestId: 'r-1',
  origin: 'https://registry.example',
  address: '192.0.2.7',
  readsBlobs: false,
  identity: { name: 'user:anna', groups: ['group:dev'], method: 'password' },
}
const asked = { method: 'GET', url: '/v2/a/tags/list' }
const sign = (request = asked, at = Date.now()) =>
  createCallSigner(poolSecret, () => at).sign(request, call)

describe('a worker', () => {
  const reached: unknown[] = []
  const failures: unknown[] = []
  let leaving = false
  let server: Server
  const ask = (identity: string | undefined, { method, url } = asked, body = '') => {
    const { port } = server.address() as AddressInfo
    const headers: Record<string, string> = {}
    if (identity !== undefined) headers['Kura-Identity'] = identity
    return send(method, `http://127.0.0.1:${port}${url}`, { headers, body })
  }

  beforeAll(async () => {
    const app = createWorkerApp({
      signer: createCallSigner(poolSecret),
      policy: () => openPolicy,
      isLeaving: () => leaving,
      registry: {
        async forward(ctx) {
          const { requestId, origin, identity, target } = ctx.state
          if (target.kind === 'upload') throw new RegistryError('uploadUnknown')
          reached.push({ requestId, origin, identity, target, address: ctx.ip })
          ctx.body = 'reached'
        },
      },
    })
    app.on('error', (error) => failures.push(error))
    server = createServer(app.callback())
    await listening(server, { port: 0, host: '127.0.0.1' })
  })
  afterAll(() => close(server))

  it('knows of a signed request who asks for what, from where', async () => {
    expect((await ask(sign())).body.toString()).toBe('reached')
    const target = { kind: 'tags', action: 'pull', repository: 'a', reference: '' }
    const { requestId, origin, identity, address } = call
    expect(reached.splice(0)).toEqual([{ requestId, origin, identity, target, address }])
  })

  const upload = { method: 'PUT', url: '/v2/a/blobs/uploads/x' }
  it.each([
    ['nothing signed', undefined, asked],
    ['a health check', undefined, { method: 'GET', url: '/' }],
    ['a path outside of the registry', undefined, { method: 'GET', url: '/debug' }],
    ['no target at all', undefined, { method: 'OPTIONS', url: '/v2/a/tags/list' }],
    ['an empty signature', '', asked],
    ['a signature of somebody else', createCallSigner('another').sign(asked, call), asked],
    ['an old signature', sign(asked, Date.now() - 130_000), asked],
    ['a signature from the future', sign(asked, Date.now() + 70_000), asked],
    ['a signature for another path', sign(), { ...asked, url: '/v2/b/tags/list' }],
    ['a signature for another query', sign(), { ...asked, url: '/v2/a/tags/list?n=1' }],
    ['a signature for another method', sign({ ...asked, method: 'HEAD' }), asked],
    ['an upload that nobody signed', undefined, upload],
    ['an upload with a signature for another', sign({ ...upload, url: `${upload.url}y` }), upload],
  ])('refuses %s', async (_, identity, request) => {
    const answer = await ask(identity, request, request === upload ? 'a body' : '')
    expect([answer.status, answer.headers['kura-unsigned']]).toEqual([401, 'yes'])
    expect(answer.headers['www-authenticate']).toBeUndefined()
    expect(JSON.parse(answer.body.toString()).errors[0].code).toBe('UNAUTHORIZED')
    expect(reached).toEqual([])
  })

  it('refuses a twisted path even where it is signed', async () => {
    const request = { method: 'GET', url: '/v2/a/%2e%2e/b/tags/list' }
    const headers = { 'Kura-Identity': sign(request), Connection: 'close' }
    const { port } = server.address() as AddressInfo
    const heard = await exchange(port, head(`GET ${request.url}`, headers))
    expect(heard).toMatch(/^HTTP\/1\.1 400 /)
    expect(reached).toEqual([])
  })

  it('says with each answer when it is about to stop, and answers all the same', async () => {
    expect((await ask(sign())).headers['kura-leaving']).toBeUndefined()
    leaving = true
    const answer = await ask(sign())
    expect([answer.status, answer.headers['kura-leaving']]).toEqual([200, 'yes'])
    expect((await ask(undefined)).headers['kura-leaving']).toBe('yes')
    leaving = false
  })

  it('refuses a body at once and keeps the connection: its gateway knows when it is enough', async () => {
    const request = { method: 'PATCH', url: '/v2/a/blobs/uploads/x' }
    const { port } = server.address() as AddressInfo
    const headers = { 'Kura-Identity': sign(request), 'Content-Length': '100000000' }
    const url = `http://127.0.0.1:${port}${request.url}`
    const agent = new Agent({ keepAlive: true })
    const { request: open, answer } = begin('PATCH', url, { headers, agent })
    open.write('some of it')
    const { status, headers: said } = await answer
    expect([status, said.connection]).toEqual([404, 'keep-alive'])
    open.destroy()
  })

  it('has nothing to log about any of that', () => {
    expect(failures).toEqual([])
  })
})
