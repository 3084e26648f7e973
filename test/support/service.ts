/**
 * A program that runs beside a test: started until it says it is ready, watched while it runs, and
 * stopped for good at the end, whatever state it is in by then.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { endProcess, processTree } from './processes.ts'

type Options = {
  command: string
  args: string[]
  env: NodeJS.ProcessEnv
  cwd?: string
  /** A line of its output once it can be used. */
  ready: RegExp
}

export type Exit = { code: number | null; signal: NodeJS.Signals | null }

/**
 * How long a program may take to become ready: longer than it takes where all are busy, and less than a
 * test has, so that a failure still shows what the program wrote.
 */
const mostToStart = 90_000
/** How long it may take to stop after SIGTERM. */
const mostToStop = 30_000

/** Rejects with everything the program wrote when it ends before it is ready. */
export async function startService({ command, args, env, cwd, ready }: Options) {
  const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = gather(child.stdout, child.stderr)
  const stopped = once(child, 'close').then(([code, signal]): Exit => ({ code, signal }))
  await once(child, 'spawn')
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} did not start`)

  const service = {
    pid,
    /** Everything it wrote so far, to stdout and stderr. */
    output: output.text,
    /** Resolves once the output matches, at once if it already does. */
    said: output.said,
    /** Resolves with how it ended. */
    stopped,
    /** Its own process and all below it, itself first. */
    processes: () => processTree(pid),
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** SIGTERM, and SIGKILL for all of its processes if that does not help. */
    async stop(): Promise<Exit> {
      const timer = setTimeout(killAll, mostToStop)
      child.kill('SIGTERM')
      const exit = await stopped
      clearTimeout(timer)
      return exit
    },
    killAll,
  }

  /** Nobody gets to say goodbye: not the program, nor whatever it started. */
  async function killAll(): Promise<Exit> {
    for (const each of await processTree(pid ?? 0)) endProcess(each)
    child.kill('SIGKILL')
    return stopped
  }

  const early = stopped.then((exit) => {
    throw new Error(`${command} ended with ${JSON.stringify(exit)}:\n${output.text()}`)
  })
  early.catch(() => {})
  const timer = setTimeout(() => child.kill('SIGKILL'), mostToStart)
  try {
    await Promise.race([output.said(ready), early])
  } catch (error) {
    await killAll()
    throw error
  } finally {
    clearTimeout(timer)
  }
  return service
}

function gather(...streams: Readable[]) {
  let text = ''
  const waiting = new Set<() => void>()
  for (const stream of streams) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      for (const look of waiting) look()
    })
  }
  return {
    text: () => text,
    said(pattern: RegExp): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = () => {
        if (!pattern.test(text)) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
      return promise
    },
  }
}
