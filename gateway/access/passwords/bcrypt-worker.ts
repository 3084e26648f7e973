/**
 * A thread of the pool: compares one password after the other, so that no request waits for it. One
 * that is wrong takes as long as the dearest would, so that time tells nothing of the user's own hash.
 */
import { parentPort } from 'node:worker_threads'
import { compareSync } from 'bcryptjs'
import { paddingOf } from './bcrypt-limits.ts'

export type Question = { password: string; hash: string; dearest: number }

parentPort?.on('message', ({ password, hash, dearest }: Question) => {
  // Go's bcrypt treats $2x$ like all the others.
  const matches = compareSync(password, hash.replace(/^\$2x\$/, '$2y$'))
  const cost = Number(hash.slice(4, 6))
  if (!matches) for (const other of paddingOf(cost, dearest)) compareSync(password, other)
  parentPort?.postMessage(matches)
})
