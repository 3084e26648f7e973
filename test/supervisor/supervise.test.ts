import { once } from 'node:events'
import { Agent, createServer, get } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from '@jest/globals'
import { drainServer } from '../../supervisor/drain.ts'
import { backOff } from '../../supervisor/places.ts'
import { isListening, isReady, open, run } from './supervised.ts'

describe('the supervisor', () => {
  it('is ready when every process has started, all on one port', async () => {
    const { fact, facts } = run({ processes: 3 })
    await fact(isReady)
    const listening = facts.filter(isListening)
    expect(new Set(listening.map(({ pid }) => pid)).size).toBe(3)
    expect(new Set(listening.map(({ port }) => port)).size).toBe(1)
  })

  it('replaces a process that crashed, and says so', async () => {
    const { fact } = run({})
    const first = await fact(isListening)
    await fact(isReady)
    await expect(open(first.port, '/crash')).rejects.toThrow()
    expect(await fact(({ msg }) => msg?.includes('replaced'))).toMatchObject({
      level: 'error',
      pid: first.pid,
      reason: 'it ended with exit code 7',
    })
    const second = await fact(isListening)
    expect(await text(await open(second.port, '/pid'))).toBe(String(second.pid))
    expect(second.pid).not.toBe(first.pid)
  })

  it('lets a running request end before it stops', async () => {
    const { child, fact, ended } = run({ processes: 2 })
    const { port } = await fact(isListening)
    await fact(isReady)
    const response = await open(port, '/long')
    child.kill('SIGTERM')
    expect(await text(response)).toBe('begun, ended')
    expect(await ended).toBe(0)
  })

  it('takes the echo of a signal for the same signal', async () => {
    const { child, fact, ended } = run({})
    const { port } = await fact(isListening)
    const response = await open(port, '/long')
    child.kill('SIGINT')
    await fact(({ msg }) => msg === 'stopping; Ctrl-C once more stops at once')
    child.kill('SIGINT')
    expect(await text(response)).toBe('begun, ended')
    expect(await ended).toBe(0)
  })

  it('cuts a request off when its time is over', async () => {
    const { child, fact, ended } = run({ drainMs: 50 })
    const { port } = await fact(isListening)
    const response = await open(port, '/endless')
    child.kill('SIGTERM')
    await expect(text(response)).rejects.toThrow('aborted')
    expect(await fact(({ msg }) => msg?.includes('cut short'))).toMatchObject({ level: 'warning' })
    expect(await ended).toBe(0)
  })

  it('stops at once when requests get no time', async () => {
    const { child, fact, ended } = run({ drainMs: 0 })
    const { port } = await fact(isListening)
    const response = await open(port, '/endless')
    child.kill('SIGTERM')
    await expect(text(response)).rejects.toThrow('aborted')
    expect(await ended).toBe(0)
  })

  for (const [first, second, code] of [
    ['SIGTERM', 'SIGINT', 130],
    ['SIGINT', 'SIGTERM', 143],
  ] as const) {
    it(`stops at once at ${second} after ${first}`, async () => {
      const { child, fact, ended } = run({ processes: 2 })
      const { port } = await fact(isListening)
      await fact(isReady)
      const response = await open(port, '/endless')
      child.kill(first)
      await fact(({ msg }) => msg?.startsWith('stopping'))
      child.kill(second)
      await expect(text(response)).rejects.toThrow('aborted')
      expect(await ended).toBe(code)
    })
  }

  for (const [failure, reason] of [
    ['reject', 'the port is taken and this is the second line'],
    ['exit', 'it ended with exit code 9'],
  ] as const) {
    it(`gives up, with one line, when the start fails by ${failure}`, async () => {
      const { facts, ended } = run({ processes: 4, failure })
      expect(await ended).toBe(1)
      expect(facts).toEqual([
        { level: 'fatal', time: expect.any(String), msg: `could not start: ${reason}` },
      ])
    })
  }

  it('takes its processes with it when it is killed', async () => {
    const { child, fact, ended } = run({ processes: 2 })
    const { port } = await fact(isListening)
    await fact(isReady)
    child.kill('SIGKILL')
    // Each process holds our pipes open for as long as it lives.
    expect(await ended).toBe(null)
    await expect(open(port, '/pid')).rejects.toThrow('ECONNREFUSED')
  })

  it('is the only one that its processes obey', async () => {
    const { child, fact, ended } = run({})
    const { pid, port } = await fact(isListening)
    await fact(isReady)
    process.kill(pid ?? 0, 'SIGINT')
    process.kill(pid ?? 0, 'SIGTERM')
    expect(await text(await open(port, '/pid'))).toBe(String(pid))
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})

describe('the wait before a replacement', () => {
  const rows: [last: number, lived: number, next: number][] = [
    [0, 0, 100],
    [100, 5, 200],
    [6_400, 5, 10_000],
    [10_000, 29_999, 10_000],
    [10_000, 30_000, 100],
  ]
  for (const [last, lived, next] of rows) {
    it(`is ${next} ms after ${last} ms and a life of ${lived} ms`, () => {
      expect(backOff(last, lived)).toBe(next)
    })
  }
})

describe('draining a server', () => {
  async function listen() {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { server, port: (server.address() as AddressInfo).port }
  }

  it('closes a connection after the response that was running', async () => {
    const { server, port } = await listen()
    server.on('request', (_, response) => response.write('begun, '))
    const agent = new Agent({ keepAlive: true })
    const asked = once(server, 'request')
    const request = get({ port, agent, host: '127.0.0.1' })
    const [[, answer], [response]] = await Promise.all([asked, once(request, 'response')])
    const drained = drainServer(server)
    answer.end('ended')
    expect(await text(response)).toBe('begun, ended')
    await drained
    agent.destroy()
  })

  it('tells the client of a later request that its connection closes', async () => {
    const { server, port } = await listen()
    const socket = connect(port, '127.0.0.1').setEncoding('utf8')
    socket.write('GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHo')
    const [, first] = await once(server, 'request')
    const drained = drainServer(server)
    first.end('one')
    server.once('request', (_, response) => response.end('two'))
    socket.write('st: x\r\n\r\n')
    const received = await text(socket)
    expect(received).toMatch(/keep-alive.*one.*Connection: close.*two/is)
    await drained
  })

  it('waits for a client that is still sending after its answer', async () => {
    const { server, port } = await listen()
    const socket = connect(port, '127.0.0.1').setEncoding('utf8')
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab')
    const [, response] = await once(server, 'request')
    const drained = drainServer(server)
    response.end('no')
    await once(response, 'close')
    socket.write('cd')
    socket.resume()
    await drained
  })

  it('serves what still comes on an idle connection until it is told to hurry', async () => {
    const { server, port } = await listen()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    server.on('request', (_, response) => response.end('served'))
    const ask = async () => {
      const [response] = await once(get({ port, agent, host: '127.0.0.1' }), 'response')
      return text(response)
    }
    await ask()
    await new Promise(setImmediate)
    const hurry = new AbortController()
    const drained = drainServer(server, { lingerMs: 60_000, hurry: hurry.signal })
    await new Promise(setImmediate)
    // The server takes no new connection, so this is the one from before.
    expect(await ask()).toBe('served')
    hurry.abort()
    await drained
    agent.destroy()
  })

  it('breaks what is left when it is aborted', async () => {
    const { server, port } = await listen()
    const asked = once(server, 'request')
    const request = get({ port, host: '127.0.0.1' })
    await asked
    const drained = drainServer(server, { signal: AbortSignal.timeout(1) })
    await expect(once(request, 'response')).rejects.toThrow('socket hang up')
    await drained
  })
})
