/** Connections between gateway and workers: used again, and given up before a worker does it. */
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { describe, expect, it } from '@jest/globals'
import { begin, send } from '../../support/http.ts'
import { usePool } from './support/pool.ts'
import { echo } from './support/workers.ts'

const startPool = usePool()
const target = '/v2/a/manifests/latest'

describe('a connection to a worker', () => {
  it('serves one request after the other, whatever they are', async () => {
    const { gateway, workers } = await startPool([
      (req, res) => {
        // A server closes behind an answer to HEAD that does not say how long it would be.
        if (req.method === 'HEAD') res.setHeader('Content-Length', '7')
        echo(req, res)
      },
    ])
    const methods = Array.from({ length: 10 }, () => ['GET', 'PUT', 'HEAD', 'DELETE']).flat()
    for (const method of methods) {
      const body = method === 'PUT' ? 'some' : ''
      expect((await send(method, gateway.url + target, { body })).status).toBe(200)
    }
    expect(workers[0]?.requests).toHaveLength(40)
    // A client may ask again before the last connection is back.
    expect(workers[0]?.sockets.size).toBeLessThanOrEqual(2)
  })

  it('is not kept where the worker closes it too soon', async () => {
    const hasty: RequestListener = (_, res) => void res.setHeader('Keep-Alive', 'timeout=1').end()
    const { gateway, workers } = await startPool([hasty])
    for (let turn = 0; turn < 3; turn++) await send('PUT', gateway.url + target, { body: 'x' })
    expect(workers[0]?.sockets.size).toBe(3)
  })

  it('is closed by the gateway, before the worker that announced when it would', async () => {
    const { gateway, workers } = await startPool([
      (_, res) => void res.setHeader('Keep-Alive', 'timeout=2').end(),
    ])
    await send('GET', gateway.url + target)
    const [socket] = workers[0]?.sockets ?? []
    // "end" is heard of the other side only.
    if (socket && !socket.readableEnded) await once(socket, 'end')
    expect(socket?.readableEnded).toBe(true)
  })

  it('is for one request at a time', async () => {
    const waiting: (() => void)[] = []
    const { gateway, workers } = await startPool([(_, res) => void waiting.push(() => res.end())])
    const answers = [1, 2, 3].map(() => send('GET', gateway.url + target))
    while (waiting.length < 3) await new Promise(setImmediate)
    for (const end of waiting) end()
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200])
    expect(workers[0]?.sockets.size).toBe(3)
  })

  it('of a worker that leaves is the last, until there is one at its place again', async () => {
    let isLeaving = true
    const { gateway, workers } = await startPool([
      (_, res) => void (isLeaving ? res.setHeader('Kura-Leaving', 'yes') : res).end(),
    ])
    await send('GET', gateway.url + target)
    isLeaving = false
    expect(gateway.changes.map(({ state }) => state)).toEqual(['up', 'leaving'])
    await gateway.until((all) => all.length === 3)
    for (let turn = 0; turn < 3; turn++) await send('GET', gateway.url + target)
    expect(workers[0]?.requests).toHaveLength(4)
    expect(workers[0]?.sockets.size).toBe(2)
  })
})

describe('a client that leaves', () => {
  const rows: [when: string, method: string, handler: RequestListener][] = [
    ['before the answer', 'GET', () => {}],
    ['in the middle of its body', 'PUT', (req) => void req.resume()],
    ['in the middle of the answer', 'GET', (_, res) => void res.write('some')],
  ]

  it.each(rows)('%s ends its request at the worker, and nothing has failed', async (...row) => {
    const [, method, handler] = row
    const asked = Promise.withResolvers<void>()
    const { gateway, workers } = await startPool([
      (req, res) => {
        handler(req, res)
        asked.resolve()
      },
    ])
    const { request } = begin(method, gateway.url + target)
    if (method === 'PUT') request.write('some')
    else request.end()
    await asked.promise
    const [socket] = workers[0]?.sockets ?? []
    const closed = socket && once(socket, 'close')
    request.destroy()
    await closed
    expect(workers[0]?.requests).toHaveLength(1)
    expect(gateway.failures).toEqual([])
    expect(gateway.changes.map(({ state }) => state)).toEqual(['up'])
  })
})

describe('a client that does not read', () => {
  it('holds the worker up: the gateway keeps little of a large answer', async () => {
    const size = 256 * 1024 * 1024
    const piece = Buffer.alloc(65_536)
    let written = 0
    const stalled = Promise.withResolvers<void>()
    const { gateway } = await startPool([
      (_, res) => {
        const write = () => {
          while (written < size) {
            written += piece.length
            if (res.write(piece)) continue
            // Nothing has moved for so many turns that nothing will.
            const seen = setTimeout(stalled.resolve, 300)
            res.once('drain', () => clearTimeout(seen)).once('drain', write)
            return
          }
          res.end()
        }
        write()
      },
    ])
    const { request } = begin('GET', gateway.url + target)
    const arrived = once(request, 'socket')
    request.end()
    const [socket] = await arrived
    socket.pause()
    // Memory that other tests of this process left behind is not the gateway's.
    const before = process.memoryUsage().arrayBuffers
    await stalled.promise
    // Bytes on their way lie in the buffers of the system.
    expect(written).toBeLessThan(64 * 1024 * 1024)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
    request.destroy()
  })
})
