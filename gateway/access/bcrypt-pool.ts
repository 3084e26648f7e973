/**
 * Compares passwords with bcrypt hashes in threads of their own: one comparison takes as long as
 * hundreds of requests. The line of those that wait is short, so that a flood is turned away.
 */
import { Worker } from 'node:worker_threads'
import { fitsBcrypt } from './bcrypt-limits.ts'
import type { Question } from './bcrypt-worker.ts'
import { LoginDelayed } from './passwords-delayed.ts'

export type BcryptPool = ReturnType<typeof createBcryptPool>

export type BcryptPoolOptions = {
  threads?: number
  /** How many comparisons may wait for a thread. */
  mostWaiting?: number
  /** The program of a thread. */
  program?: URL
}

type Job = Question & { resolve: (matches: boolean) => void; reject: (error: Error) => void }
type Thread = { worker: Worker; job: Job | undefined }

const worker = new URL('./bcrypt-worker.ts', import.meta.url)

/** How long the line takes to become shorter, roughly. */
const busyMs = 2_000

/** Threads start when they are first needed, and keep the process running only while they work. */
export function createBcryptPool({
  threads = 1,
  mostWaiting = 64,
  program = worker,
}: BcryptPoolOptions = {}) {
  const running = new Set<Thread>()
  const waiting: Job[] = []
  let closed = false

  return { compare, close }

  /** False for a password that is longer than bcrypt reads. Rejects with LoginDelayed when busy. */
  async function compare(password: string, hash: string): Promise<boolean> {
    if (closed) throw new Error('no passwords are compared any more')
    if (!fitsBcrypt(password)) return false
    if (waiting.length >= mostWaiting) throw new LoginDelayed('too many logins at once', busyMs)

    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    waiting.push({ password, hash, resolve, reject })
    handOut()
    return promise
  }

  async function close() {
    closed = true
    for (const job of waiting.splice(0)) job.reject(new Error('no passwords are compared any more'))
    await Promise.all([...running].map((thread) => thread.worker.terminate()))
  }

  function handOut() {
    while (waiting.length > 0 && !closed) {
      const thread = findIdle() ?? (running.size < threads ? start() : undefined)
      const job = thread && waiting.shift()
      if (!job) return
      const { password, hash } = job
      thread.job = job
      thread.worker.ref()
      thread.worker.postMessage({ password, hash } satisfies Question)
    }
  }

  function findIdle(): Thread | undefined {
    for (const thread of running) if (!thread.job) return thread
    return undefined
  }

  function start(): Thread {
    const thread: Thread = { worker: new Worker(program, { name: 'bcrypt' }), job: undefined }
    let cause: unknown
    running.add(thread)
    thread.worker.on('message', (matches: boolean) => {
      const { job } = thread
      thread.job = undefined
      thread.worker.unref()
      job?.resolve(matches)
      handOut()
    })
    thread.worker.on('error', (error) => {
      cause = error
    })
    // A thread that died fails the job it had and no other; the next job starts a new thread.
    thread.worker.once('exit', () => {
      running.delete(thread)
      thread.job?.reject(new Error('a thread that compares passwords died', { cause }))
      handOut()
    })
    return thread
  }
}
