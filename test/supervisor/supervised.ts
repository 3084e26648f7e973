/** A supervised program, started and listened to. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { afterEach } from '@jest/globals'

const fixture = new URL('fixtures/supervised.ts', import.meta.url).pathname

export type Fact = {
  ready?: boolean
  role?: string
  pid?: number
  port?: number
  stopped?: number
  /** The process for which the supervisor had a connection that it closes now. */
  closed?: number
  level?: string
  msg?: string
  err?: { message: string }
}

const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

export function run({ processes = 1, drainMs = 20_000, failure = '' }) {
  const child = spawn(process.execPath, [fixture, `${processes}`, `${drainMs}`, failure], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  const facts: Fact[] = []
  const heard = new EventTarget()
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      facts.push(line.startsWith('{') ? JSON.parse(line) : { msg: line })
      heard.dispatchEvent(new Event('fact'))
    })
  }

  /** Waits for the first fact not yet taken that is as asked, and takes it. */
  async function fact(wanted: (fact: Fact) => unknown): Promise<Fact> {
    for (;;) {
      const index = facts.findIndex(wanted)
      if (index >= 0) return facts.splice(index, 1)[0] ?? {}
      await once(heard, 'fact')
    }
  }
  /** The exit code, once every process that held our pipes has gone. */
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return { child, fact, facts, ended }
}

export const isListening = (fact: Fact) => fact.port
export const isReady = (fact: Fact) => fact.ready

export async function open(port: number | undefined, path: string): Promise<IncomingMessage> {
  const request = get({ port, path, host: '127.0.0.1', agent: false })
  request.on('error', () => {})
  const [response] = await once(request, 'response')
  return response.on('error', () => {})
}
