/** Workers that die, refuse or are not there: who is asked instead, and who must not be. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { Readable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { begin, send } from '../../support/http.ts'
import { close, listening } from '../../support/http-server.ts'
import { createRandom } from '../../support/random.ts'
import { usePool } from './support/pool.ts'
import { addressOf, echo, startRawWorker } from './support/workers.ts'

const startPool = usePool()
const target = '/v2/a/manifests/latest'

/** The same for several workers: the first request that any of them gets is `first`'s. */
function atFirst(first: RequestListener, then: RequestListener): RequestListener {
  let isFirst = true
  return (req, res) => {
    const handler = isFirst ? first : then
    isFirst = false
    handler(req, res)
  }
}

const die: RequestListener = (req) => void req.socket.destroy()

describe('a worker that dies before its answer', () => {
  it.each(['GET', 'HEAD'])('to %s: another one answers', async (method) => {
    const handler = atFirst(die, (_, res) => void res.end('fine'))
    const { gateway, requests } = await startPool([handler, handler])
    expect((await send(method, gateway.url + target)).status).toBe(200)
    expect(requests()).toHaveLength(2)
    expect(new Set(requests().map(({ socket }) => socket.localPort)).size).toBe(2)
    expect(gateway.failures).toEqual([])
  })

  it.each([
    ['PUT', 'a body'],
    ['PUT', ''],
    ['PATCH', 'a body'],
    ['POST', ''],
    ['DELETE', ''],
  ])('to %s with "%s": the connection breaks, and nobody is asked twice', async (method, body) => {
    const paths: Record<string, string> = { PATCH: 'blobs/uploads/x', POST: 'blobs/uploads/' }
    const url = `/v2/a/${paths[method] ?? 'manifests/latest'}`
    const { gateway, requests } = await startPool([die, die])
    const broken = send(method, gateway.url + url, { body })
    await expect(broken).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(requests()).toHaveLength(1)
  })

  it('again and again: the client is told in the end', async () => {
    const { gateway, requests } = await startPool([die, die, die, die])
    const answer = send('GET', gateway.url + target)
    await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(requests()).toHaveLength(3)
  })
})

describe('a worker that dies in its answer', () => {
  const rows: [how: string, handler: RequestListener][] = [
    ['with a length', (_, res) => void res.writeHead(200, { 'Content-Length': 9 }).write('some')],
    ['in chunks', (_, res) => void res.write('some')],
  ]

  it.each(rows)('%s breaks the client’s connection at once: the log says so', async (_, begun) => {
    const { gateway, workers } = await startPool([begun])
    const { request, answer } = begin('GET', gateway.url + target)
    request.once('response', (response) => {
      response.once('data', () => workers[0]?.server.closeAllConnections())
    })
    request.end()
    await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(workers[0]?.requests).toHaveLength(1)
    expect(gateway.failures).toEqual([expect.stringContaining('the worker broke off: aborted')])
  })
})

describe('a worker that refuses connections', () => {
  const bytes = createRandom(1).bytes(3_000_000)

  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000)
  }

  it.each([
    ['with a length', { 'Content-Length': String(bytes.length) }, () => bytes],
    ['in chunks', { 'Transfer-Encoding': 'chunked' }, () => Readable.from(pieces())],
  ])('leaves a body %s whole for another one', async (_, headers, body) => {
    // Looked at too seldom to be found out.
    const times = { interval: 60_000 }
    const { gateway, workers, requests } = await startPool([echo, echo], { times })
    await Promise.all(workers.slice(0, 1).map((worker) => worker.close()))
    for (let turn = 0; turn < 2; turn++) {
      const answer = await send('PUT', gateway.url + target, { headers, body: body() })
      expect(answer.status).toBe(200)
      expect(answer.body.equals(bytes)).toBe(true)
    }
    expect(requests()).toHaveLength(2)
    expect(gateway.failures).toEqual([])
  })
})

describe('with no worker there', () => {
  it('a client waits for a while and is told when to come back', async () => {
    const { gateway, requests } = await startPool([], { times: { patience: 50 } })
    const answer = await send('GET', gateway.url + target)
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1'])
    expect(requests()).toEqual([])
  })

  it('a worker that comes takes what has been waiting, body and all', async () => {
    const { gateway, addresses } = await startPool([])
    const server = createServer()
    await listening(server, { port: 0, host: '127.0.0.1' })
    const address = addressOf(server)
    await close(server)
    addresses.push(address)
    const waiting = send('PUT', gateway.url + target, { body: 'whole' })
    await gateway.until((all) => all.length > 0)

    const late = await startRawWorker(echo)
    addresses.splice(0, 1, late.address)
    expect((await waiting).body.toString()).toBe('whole')
    await late.close()
  })

  it('one that leaves while it waits is forgotten without a word', async () => {
    const { gateway, addresses } = await startPool([])
    const arrived = once(gateway.server, 'request')
    const { request } = begin('PUT', gateway.url + target)
    request.flushHeaders()
    const [{ socket }] = await arrived
    request.destroy()
    await once(socket, 'close')
    const late = await startRawWorker(echo)
    addresses.push(late.address)
    await gateway.until((all) => all.some(({ state }) => state === 'up'))
    expect((await send('GET', gateway.url + target)).status).toBe(200)
    expect(late.requests).toHaveLength(1)
    expect(gateway.failures).toEqual([])
    await late.close()
  })
})
