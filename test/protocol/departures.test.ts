/** Clients that hang up are ordinary, and nothing that an operator has to read; failures of ours are. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { createInmemoryDriver } from '../../registry/storage/memory.ts'
import { pushBlob, sha256, startUpload } from './support/content.ts'
import { head } from './support/raw.ts'
import { useRegistry } from './support/suite.ts'

/** More than all buffers on the way hold. */
const large = Buffer.alloc(24 * 1024 * 1024, 'kura')
const digest = sha256(large)
/** The bytes of an open range that containerd, podman and crane take before they leave. */
const mostRead = 8 * 1024 * 1024

const range = { Range: 'bytes=0-' }
const blob = `/v2/a/blobs/${digest}`

const ways: [how: string, leave: (socket: Socket) => void][] = [
  ['closes its connection', (socket) => socket.destroy()],
  ['is gone at once', (socket) => socket.resetAndDestroy()],
  ['ends its side first', (socket) => socket.end(() => socket.destroy())],
]

const asked: [what: string, text: string][] = [
  ['OPTIONS', head('OPTIONS /v2/')],
  ['OPTIONS of a manifest, again and again', head('OPTIONS /v2/a/manifests/v1').repeat(20)],
  ['half of a head', 'OPTIONS /v2/ HTTP/1.1\r\nHo'],
  ['the root', head('GET /')],
  ['the ping', head('GET /v2/')],
  ['nothing that is there', head('GET /v2/a/manifests/none')],
  ['a list', head('GET /v2/a/tags/list')],
  ['a blob', head(`GET ${blob}`, range)],
  ['a blob, again and again', head(`GET ${blob}`).repeat(5)],
  ['an upload', head('POST /v2/a/blobs/uploads/', { 'Content-Length': 0 })],
]

const piece = large.subarray(0, 1_000_000)
const oneChunk = `${large.length.toString(16)}\r\n`
/** Answered before its body is through: at the gateway, or in a worker. */
const refused = ['PUT /v2/NONE/manifests/v1', 'PATCH /v2/a/blobs/uploads/0']
const bodies: [what: string, begin: (line: string) => string, early: string[]][] = [
  [
    'that said its length',
    (line) => head(line, { 'Content-Length': large.length }),
    [...refused, 'PUT /v2/a/manifests/v1'],
  ],
  ['in chunks', (line) => head(line, { 'Transfer-Encoding': 'chunked' }) + oneChunk, refused],
]

const served = new Map<number | undefined, Promise<unknown>>()
const client = useRegistry({
  prepare: (server) => {
    server.on('connection', (socket) => served.set(socket.remotePort, closed(socket)))
  },
})
beforeAll(() => pushBlob(client, 'a', large))

describe.each(ways)('a client that %s', (_, leave) => {
  async function connected() {
    const socket = connect(client.registry().port, '127.0.0.1').on('error', () => {})
    await once(socket, 'connect')
    return socket
  }

  /** Resolves once the server has seen the connection end, and has done what it does then. */
  async function leaves(socket: Socket) {
    const { localPort } = socket
    leave(socket)
    await closed(socket)
    await served.get(localPort)
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  }

  it.each(asked)('right after it asked for %s is no error in the log', async (_what, text) => {
    for (let times = 0; times < 3; times++) {
      const socket = await connected()
      await sent(socket, text)
      await leaves(socket)
    }
    expect(client.registry().failures).toEqual([])
  })

  it.each([1, mostRead])('that has %d bytes of a blob is no error in the log', async (most) => {
    const parallel = Array.from({ length: 4 }, async () => {
      const socket = await connected()
      await sent(socket, head(`GET ${blob}`, range))
      await new Promise<void>((resolve) => {
        socket.on('data', () => socket.bytesRead >= most && resolve())
      })
      await leaves(socket)
    })
    await Promise.all(parallel)
    expect(client.registry().failures).toEqual([])
  })

  it.each(bodies)('in a push %s is no error in the log', async (_what, begin) => {
    const upload = await startUpload(client, 'a')
    const lines = [`PATCH ${upload}`, `PUT ${upload}?digest=${digest}`, 'PUT /v2/a/manifests/v1']
    for (const line of lines) {
      const socket = await connected()
      await sent(socket, begin(line))
      // Little enough for any of them, so that none has an answer yet.
      await sent(socket, piece.subarray(0, 100_000))
      await leaves(socket)
    }
    expect(client.registry().failures).toEqual([])
  })

  it.each(bodies)('with an early answer to a push %s is no error in the log', async (...body) => {
    const [, begin, early] = body
    for (const line of early) {
      const socket = await connected()
      socket.write(begin(line))
      await once(socket, 'data')
      socket.write(piece)
      await leaves(socket)
    }
    expect(client.registry().failures).toEqual([])
  })
})

describe('a disk that fails in the middle of an answer', () => {
  const memory = createInmemoryDriver()
  const failing: typeof memory = {
    ...memory,
    async read(path, call) {
      const bytes = await memory.read(path, call)
      return bytes && path.endsWith('/data') ? breakingOff(bytes) : bytes
    },
    async open(path, call) {
      const opened = await memory.open(path, call)
      return opened && { ...opened, bytes: breakingOff(opened.bytes) }
    },
  }
  const broken = useRegistry({ storage: failing })

  it('is in the log once, for each process that sees it', async () => {
    await pushBlob(broken, 'a', large)
    await expect(broken.get(blob)).rejects.toThrow()
    const failures = broken.registry().failures.splice(0)
    expect(failures.filter((message) => message === 'the disk failed')).toHaveLength(1)
    expect(new Set(failures).size).toBe(failures.length)
  })
})

async function* breakingOff(bytes: AsyncIterable<Uint8Array>) {
  for await (const chunk of bytes) {
    yield chunk
    throw new Error('the disk failed')
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })
}

function sent(socket: Socket, bytes: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()))
}
