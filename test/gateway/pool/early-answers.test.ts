/** An answer that comes before the body is through reaches its client, and leaves nothing behind. */
import { once } from 'node:events'
import { Agent, type RequestListener } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { as, loginOf } from '../../protocol/support/people.ts'
import { head } from '../../protocol/support/raw.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { begin, send } from '../../support/http.ts'
import { startRegistry } from '../../support/registry.ts'
import { usePool } from './support/pool.ts'

const cleanup = useCleanup()
const startPool = usePool()
const target = '/v2/a/manifests/latest'
const refusal = '{"errors":[{"code":"MANIFEST_INVALID"}]}\n'
const megabytes = 1024 * 1024

async function* zeros(size: number) {
  for (let sent = 0; sent < size; sent += 65_536) yield Buffer.alloc(65_536)
}

/** Each answers before it has read the body. */
const handlers: [what: string, handler: RequestListener][] = [
  [
    'reads on',
    (req, res) => {
      req.resume()
      res.writeHead(413).end(refusal)
    },
  ],
  [
    'does not read on',
    (req, res) => {
      req.pause()
      res.writeHead(413).end(refusal)
    },
  ],
]

describe('an early answer of a worker that then', () => {
  it.each(handlers)('%s is heard by a client that is still sending', async (_, handler) => {
    const { gateway } = await startPool([handler])
    const framings = [
      ['Transfer-Encoding', 'chunked'],
      ['Content-Length', '8388608'],
    ]
    for (const framing of framings) {
      const headers = Object.fromEntries([framing])
      const body = zeros(8 * megabytes)
      const answer = await send('PUT', gateway.url + target, { headers, body })
      expect([answer.status, answer.body.toString()]).toEqual([413, refusal])
    }
    expect(gateway.failures).toEqual([])
    expect(gateway.changes.map(({ state }) => state)).toEqual(['up'])
  })
})

describe('after an early answer', () => {
  async function answering() {
    const answered = Promise.withResolvers<void>()
    const { gateway, workers } = await startPool([
      (req, res) => {
        req.pause()
        res.writeHead(413).end(refusal, () => answered.resolve())
      },
    ])
    return {
      gateway,
      answered: answered.promise,
      /** Resolves once no connection to the worker is open. */
      async closed() {
        const sockets = [...(workers[0]?.sockets ?? [])]
        expect(sockets).toHaveLength(1)
        for (const socket of sockets) if (!socket.closed) await once(socket.resume(), 'close')
      },
    }
  }

  it('a client that ends its body goes on with its connection', async () => {
    const { gateway, answered, closed } = await answering()
    const agent = new Agent({ keepAlive: true })
    const headers = { 'Content-Length': '9' }
    const { request, answer } = begin('PUT', gateway.url + target, { headers, agent })
    request.write('some')
    await answered
    request.end('-more')
    const { status, headers: said } = await answer
    expect([status, said.connection]).toEqual([413, 'keep-alive'])
    await closed()
    agent.destroy()
  })

  it('a client that leaves takes its request to the worker with it', async () => {
    const { gateway, answered, closed } = await answering()
    const client = connect(gateway.port, '127.0.0.1')
    client.write(`${head(`PUT ${target}`, { 'Content-Length': megabytes })}some`)
    await answered
    client.destroy()
    await closed()
    expect(gateway.failures).toEqual([])
  })

  it('a client that goes on and on is closed, and so is its request to the worker', async () => {
    const { gateway, closed } = await answering()
    const headers = { 'Content-Length': String(64 * megabytes) }
    // It may still be writing when that happens, and then hears of nothing else.
    await send('PUT', gateway.url + target, { headers, body: zeros(64 * megabytes) }).catch(
      () => {},
    )
    await closed()
    expect(gateway.failures).toEqual([])
  })
})

describe.each(['whole', 'beside', 'apart'] as const)('a registry with workers %s', (topology) => {
  const unknown = '/v2/a/blobs/uploads/11111111-1111-4111-8111-111111111111'

  it('says of a layer that its upload is unknown, however fast it comes', async () => {
    const registry = await startRegistry({ topology })
    for (const size of [1, 8]) {
      const headers = { 'Content-Length': String(size * megabytes) }
      const body = zeros(size * megabytes)
      const { status } = await send('PATCH', registry.url + unknown, { headers, body })
      expect([size, status]).toEqual([size, 404])
    }
    expect(registry.failures).toEqual([])
    await registry.close()
  })
})

describe.each(['whole', 'beside', 'apart'] as const)('a registry with workers %s', (topology) => {
  const login = loginOf('ann')
  const ann = as('ann')
  const layer = { 'Content-Length': 64 * megabytes }
  const manifest = { ...ann, 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' }
  const early: [line: string, headers: Record<string, string | number>, status: number][] = [
    ['PUT /v2/a/manifests/v1', { ...manifest, 'Content-Length': 9_000_000 }, 413],
    ['PUT /v2/a/manifests/-', { ...manifest, ...layer }, 413],
    ['PUT /v2/a/manifests/v1', { ...layer, ...as('ann', 'wrong') }, 401],
    ['PATCH /v2/a/blobs/uploads/11111111-1111-4111-8111-111111111111', { ...ann, ...layer }, 404],
    [
      'PATCH /v2/a/blobs/uploads/11111111-1111-4111-8111-111111111111',
      { ...ann, 'Transfer-Encoding': 'chunked' },
      404,
    ],
    ['GET /v2/', { ...ann, ...layer }, 400],
  ]

  it('answers a client that pauses, reads on for a while, and ends the connection', async () => {
    const registry = await startRegistry({ topology, login })
    cleanup.add(registry.close)
    for (const [line, headers, status] of early) {
      for (const expected of [[], [['Expect', '100-continue']]]) {
        const client = connect(registry.port, '127.0.0.1')
        client
          .on('error', () => {})
          .write(head(line, { ...headers, ...Object.fromEntries(expected) }))
        let heard = ''
        // All of it comes, and the end of the server's side, while nothing is sent.
        for await (const chunk of client.iterator({ destroyOnReturn: false })) heard += chunk
        expect([line, heard.slice(0, 13)]).toEqual([line, `HTTP/1.1 ${status} `])
        expect(heard).toMatch(/\r\nConnection: close\r\n.*\r\n\r\n\{"errors"/s)
        client.destroy()
      }
    }
    expect(registry.failures).toEqual([])
  })

  it('does not answer what comes behind it, and takes no more than a bounded rest', async () => {
    const registry = await startRegistry({ topology, login })
    cleanup.add(registry.close)
    const client = connect({ port: registry.port, host: '127.0.0.1', allowHalfOpen: true })
    client.on('error', () => {}).write(head('PUT /v2/a/manifests/v1', layer))
    let heard = ''
    client.setEncoding('latin1').on('data', (text) => {
      heard += text
    })
    await once(client, 'end')
    // Half of what is read, and then all that one cares to send.
    client.write(Buffer.alloc(8 * megabytes))
    expect(client.destroyed).toBe(false)
    client.write(Buffer.alloc(64 * megabytes - 8 * megabytes))
    client.write(head('GET /v2/'))
    // A late write of the client may fail, and then the connection ends with an error.
    await new Promise((resolve) => client.once('close', resolve))
    expect(heard.match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
    expect(client.bytesWritten).toBeGreaterThan(8 * megabytes)
  })
})
