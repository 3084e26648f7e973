/** A request to a bucket that is made under a lease, and has to wait before it can be sent. */
import { Agent, createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { exchange } from '../../../../../registry/storage/s3/wire/exchange.ts'
import { useCleanup } from '../../../../support/cleanup.ts'

const limits = { isEncrypted: false, connectMs: 5_000, answerMs: 5_000, hasBody: false }
const lost = new Error('the lease is lost')

describe('a request under a lease', () => {
  const cleanup = useCleanup()

  async function start() {
    const { promise: arrived, resolve } = Promise.withResolvers<ServerResponse>()
    const came: (string | undefined)[] = []
    const server = createServer((request, response) => {
      came.push(request.url)
      if (request.url === '/slow') resolve(response)
      else response.end()
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    cleanup.add(async () => void server.close())
    const { port } = server.address() as AddressInfo
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    cleanup.add(async () => agent.destroy())
    const lease = { isHeld: true }
    const check = () => {
      if (!lease.isHeld) throw lost
    }
    const put = (path: string) =>
      exchange(
        { agent, method: 'PUT', hostname: '127.0.0.1', port, path },
        { ...limits, signal: undefined, body: Buffer.from('x'), fence: { check } },
      )
    return { put, lease, arrived, came }
  }

  it('is not sent when the lease was lost while it waited for a free connection', async () => {
    const { put, lease, arrived, came } = await start()
    const slow = put('/slow')
    const response = await arrived
    const waiting = put('/waiting')
    lease.isHeld = false
    response.end()
    await slow
    await expect(waiting).rejects.toBe(lost)
    lease.isHeld = true
    await put('/later')
    expect(came).toEqual(['/slow', '/later'])
  })

  it('is not sent when the lease was lost while it connected', async () => {
    const { put, lease, came } = await start()
    const connecting = put('/connecting')
    lease.isHeld = false
    await expect(connecting).rejects.toBe(lost)
    lease.isHeld = true
    await put('/later')
    expect(came).toEqual(['/later'])
  })
})
