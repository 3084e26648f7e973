/** One turn of one registry: its clients run, and what its processes use meanwhile is read. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { cpuSeconds } from '../cpu.ts'
import type { Outcome } from './lanes.ts'
import type { Message, Task } from './process.ts'

const program = fileURLToPath(new URL('process.ts', import.meta.url))

export type Turn = Outcome & { cpuSeconds: number }

export async function takeTurn(task: Task, processes: () => Promise<number[]>): Promise<Turn> {
  const child = fork(program, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const gone = new AbortController()
  child.once('exit', () => gone.abort())
  const used = async () => cpuSeconds(await processes())

  async function hear(): Promise<Message> {
    const [message]: Message[] = await once(child, 'message', { signal: gone.signal })
    if (message && !('failed' in message)) return message
    throw new Error(message?.failed ?? 'the clients said nothing')
  }

  try {
    child.send(task)
    await hear()
    const before = await used()
    child.send('go')
    const message = await hear()
    if (!('outcome' in message)) throw new Error('the clients gave no outcome')
    return { ...message.outcome, cpuSeconds: (await used()) - before }
  } finally {
    child.kill('SIGKILL')
  }
}
