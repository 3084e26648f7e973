/**
 * Compares passwords with bcrypt hashes in threads of their own: one comparison takes as long as
 * hundreds of requests. The caller decides how many wait, and in which order.
 */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Question } from './bcrypt-worker.ts'

export type BcryptPool = ReturnType<typeof createBcryptPool>

export type BcryptPoolOptions = {
  threads?: number
  /** The program of a thread. */
  program?: URL
}

type Job = {
  question: Question
  resolve: (matches: boolean) => void
  reject: (error: Error) => void
}
type Thread = { worker: Worker; job: Job | undefined }

/** Its name ends as that of this file: `.ts` in the sources, `.js` in a release. */
const worker = new URL(`./bcrypt-worker${extname(import.meta.url)}`, import.meta.url)

/** Threads start when they are first needed, and keep the process running only while they work. */
export function createBcryptPool({ threads = 1, program = worker }: BcryptPoolOptions = {}) {
  const running = new Set<Thread>()
  const waiting: Job[] = []
  let closed = false

  return { compare, close }

  /** Of a long password bcrypt reads the beginning. `dearest` is the cost that all failures have. */
  async function compare(question: Question): Promise<boolean> {
    if (closed) throw new Error('no passwords are compared any more')
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    waiting.push({ question, resolve, reject })
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
      thread.job = job
      thread.worker.ref()
      thread.worker.postMessage(job.question)
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
