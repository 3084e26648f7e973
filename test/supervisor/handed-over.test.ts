/** How connections come to the processes of a supervisor: evenly, and never to nobody. */
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, expect, it } from '@jest/globals'
import { type Fact, isListening, isReady, run } from './supervised.ts'

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

async function start(processes: number) {
  const { fact, facts } = run({ processes })
  await fact(isReady)
  const listening = facts.filter(isListening)
  const { port = 0 } = listening[0] ?? {}
  const pids = listening.map(({ pid = 0 }: Fact) => pid)
  return { port, pids, fact, facts }
}

/** Asks on a connection of its own, which stays open. */
async function askFor(port: number) {
  const agent = new Agent({ keepAlive: true })
  const [response] = await once(get({ port, host: '127.0.0.1', path: '/pid', agent }), 'response')
  sockets.push(response.socket)
  return Number(await text(response))
}

it('gives each process as many connections as the others', async () => {
  const { port, pids } = await start(3)
  const counts = new Map(pids.map((pid) => [pid, 0]))
  for (let count = 0; count < 12; count++) {
    const pid = await askFor(port)
    counts.set(pid, (counts.get(pid) ?? 0) + 1)
  }
  expect([...counts.values()]).toEqual([4, 4, 4])
})

it('closes a connection that was on its way to a process when that was killed', async () => {
  const { port, pids } = await start(2)
  const [frozen = 0] = pids
  process.kill(frozen, 'SIGSTOP')
  const opened = Array.from({ length: 6 }, () => {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    const answered = once(socket, 'data').then(() => 'answered')
    const { promise: closed, resolve } = Promise.withResolvers<string>()
    socket.once('close', () => resolve('closed'))
    socket.write('GET /pid HTTP/1.1\r\nHost: localhost\r\n\r\n')
    return { answered, ended: Promise.race([answered.catch(() => closed), closed]) }
  })
  // The other one answers all but those that the frozen one was given.
  await Promise.any(opened.map(({ answered }) => answered))
  process.kill(frozen, 'SIGKILL')
  const ends = await Promise.all(opened.map(({ ended }) => ended))
  expect(new Set(ends)).toEqual(new Set(['answered', 'closed']))
})

it('lets go of a connection that its process has, whatever becomes of the process', async () => {
  const { port, pids, fact, facts } = await start(1)
  const [pid = 0] = pids
  expect(await askFor(port)).toBe(pid)
  expect(await fact(({ closed }) => closed)).toEqual({ closed: pid })
  process.kill(pid, 'SIGKILL')
  await fact((it) => isListening(it) && it.pid !== pid)
  expect(facts.filter(({ closed }) => closed === pid)).toEqual([])
})
