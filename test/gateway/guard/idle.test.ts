/** Requests in which nothing moves: only a client that keeps us waiting is given up. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setInterval as every, setTimeout as wait } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { endIdle } from '../../../gateway/guard/idle.ts'
import { useCleanup } from '../../support/cleanup.ts'

const cleanup = useCleanup()
const idleMs = 500
const long = 5 * idleMs
/** For clients that are never to be given up: many times the pause that they make. */
const steadyMs = 2_000

async function serve(handler: RequestListener, { keepAliveTimeout = 60_000, time = idleMs } = {}) {
  const reports: string[] = []
  const server = createServer({ keepAliveTimeout, requestTimeout: 0 }, handler)
  endIdle(server, { idleMs: time, report: ({ waitedFor }) => void reports.push(waitedFor) })
  cleanup.add(async () => {
    server.closeAllConnections()
    server.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { port: (server.address() as AddressInfo).port, reports }
}

function open(port: number, text: string): Socket {
  const connection = connect(port, '127.0.0.1').on('error', () => {})
  connection.write(text)
  return connection
}

async function heardOn(connection: Socket): Promise<string> {
  let heard = ''
  for await (const chunk of connection) heard += chunk
  return heard
}

/** The first answer, without waiting for the connection to end. */
async function answerOn(connection: Socket, end: RegExp): Promise<string> {
  let heard = ''
  while (!end.test(heard)) heard += String((await once(connection, 'data'))[0])
  return heard
}

const head = (length: number, method = 'PUT') =>
  `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`

const reading: RequestListener = async (request, response) => {
  let size = 0
  for await (const chunk of request) size += chunk.length
  response.end(`${size} bytes`)
}

it.each([
  ['a body that stops', `${head(10)}abc`],
  ['a body that never begins', head(10)],
  [
    'chunks without an end',
    `${head(0).replace('Content-Length: 0', 'Transfer-Encoding: chunked')}3\r\nabc\r\n`,
  ],
])('%s is answered 408, and its handler hears that it is over', async (_what, sent) => {
  const { promise: broken, resolve } = Promise.withResolvers<unknown>()
  const { port, reports } = await serve((request) => {
    request.toArray().catch(resolve)
  })
  const heard = await heardOn(open(port, sent))
  expect(heard).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n.*\r\n\r\n{"errors":\[.*\]}\n$/s)
  expect(await broken).toMatchObject({ code: 'ECONNRESET' })
  expect(reports).toEqual(['the rest of its body'])
})

it('an answer that was begun is broken off when the body stops', async () => {
  const { port } = await serve((request, response) => {
    request.resume()
    response.write('half')
  })
  expect(await heardOn(open(port, head(10)))).toMatch(/^HTTP\/1.1 200 OK.*half\r\n$/s)
})

it('an answer that nobody takes is broken off, and its writer hears that it is over', async () => {
  const { promise: broken, resolve } = Promise.withResolvers<void>()
  const { port, reports } = await serve((_, response) => {
    response.once('close', resolve)
    response.end(Buffer.alloc(64 * 1024 * 1024))
  })
  const connection = open(port, head(0, 'GET')).pause()
  await broken
  connection.destroy()
  expect(reports).toEqual(['its answer to be taken'])
})

it('a client that is slow but steady is served, however long it takes', async () => {
  const { port, reports } = await serve(reading, { time: steadyMs })
  const connection = open(port, head(30))
  const answer = answerOn(connection, /bytes$/)
  const startedAt = performance.now()
  let sent = 0
  for await (const _ of every(steadyMs / 20)) {
    connection.write('a')
    sent += 1
    if (sent === 30) break
  }
  expect(await answer).toMatch(/30 bytes$/)
  expect(performance.now() - startedAt).toBeGreaterThan(steadyMs)
  connection.destroy()
  expect(reports).toEqual([])
})

it('a reader that is slow but steady gets all of its answer', async () => {
  const size = 40 * 1024 * 1024
  const whole: RequestListener = (_, response) => void response.end(Buffer.alloc(size))
  const { port, reports } = await serve(whole, { time: steadyMs })
  const connection = open(port, head(0, 'GET').replace('Host: a', 'Host: a\r\nConnection: close'))
  const startedAt = performance.now()
  let seen = 0
  for await (const chunk of connection) {
    seen += chunk.length
    // Each pause is well within the time; all of them together are far beyond it.
    await wait(5)
  }
  expect(seen).toBeGreaterThan(size)
  expect(performance.now() - startedAt).toBeGreaterThan(steadyMs)
  expect(reports).toEqual([])
})

const working: RequestListener = async (request, response) => {
  const chunks = await request.toArray()
  await wait(long)
  response.end(`${Buffer.concat(chunks).length} bytes`)
}
const readingLate: RequestListener = async (request, response) => {
  await wait(long)
  await reading(request, response)
}

const works: [what: string, sent: string, handler: RequestListener][] = [
  ['has read the whole body', `${head(3)}abc`, working],
  ['has a body that waits to be read', head(300_000) + 'a'.repeat(300_000), readingLate],
  ['has no body to read', head(0, 'GET'), working],
]
it.each(works)('a handler that works long is left alone: it %s', async (_what, sent, handler) => {
  const { port, reports } = await serve(handler)
  const connection = open(port, sent)
  expect(await answerOn(connection, /bytes$/)).toMatch(/ 200 OK.*\d+ bytes$/s)
  connection.destroy()
  expect(reports).toEqual([])
})

it('a client is waited for no longer because we worked before', async () => {
  const { port, reports } = await serve(async (request, response) => {
    const chunks = request.iterator()
    // The first bytes are held up here, so the client is not to blame.
    while (request.readableLength === 0) await once(request, 'readable')
    await wait(long)
    const { promise: over, resolve } = Promise.withResolvers<void>()
    response.once('close', resolve)
    chunks.next().then(() => chunks.next().catch(() => {}))
    await over
  })
  const heard = await heardOn(open(port, `${head(100)}abc`))
  expect(heard).toMatch(/^HTTP\/1.1 408 /)
  expect(reports).toEqual(['the rest of its body'])
})

it('a connection between two requests keeps the time that it has', async () => {
  const { port, reports } = await serve(reading)
  const connection = open(port, `${head(3)}abc`)
  await answerOn(connection, /3 bytes$/)
  await wait(long)
  connection.write(`${head(4)}abcd`)
  expect(await answerOn(connection, /4 bytes$/)).toMatch(/^HTTP\/1.1 200 OK/)
  connection.destroy()
  expect(reports).toEqual([])
})

it('zero is no limit', async () => {
  const { port, reports } = await serve(reading, { time: 0 })
  const connection = open(port, head(3))
  await wait(long)
  connection.write('abc')
  expect(await answerOn(connection, /bytes$/)).toMatch(/3 bytes$/)
  connection.destroy()
  expect(reports).toEqual([])
})
