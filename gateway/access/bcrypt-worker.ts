/** A thread of the pool: compares one password after the other, so that no request waits for it. */
import { parentPort } from 'node:worker_threads'
import { compareSync } from 'bcryptjs'

export type Question = { password: string; hash: string }

parentPort?.on('message', ({ password, hash }: Question) => {
  parentPort?.postMessage(compareSync(password, hash))
})
