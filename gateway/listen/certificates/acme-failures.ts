/**
 * How long to leave an authority alone after it refused: longer each time, and for all processes and
 * their successors, because an authority shuts out a client that keeps asking.
 */
import { readFile, rm } from 'node:fs/promises'
import { replaceFile } from '../../../files/replace.ts'

export const defaultPauses = { first: 5 * 60_000, longest: 12 * 60 * 60_000 }

export function createFailures(path: string, { first, longest } = defaultPauses) {
  return {
    path,

    /** When the next try may be made, in milliseconds since 1970; 0 without a failure. */
    nextTry: async (): Promise<number> => (await read(path)).nextTry,

    /** Remembers one more, and answers when the next try may be made. */
    async add(now: number): Promise<number> {
      const count = (await read(path)).count + 1
      const nextTry = now + Math.min(first * 2 ** (count - 1), longest)
      await replaceFile(path, JSON.stringify({ count, nextTry }), 0o644)
      return nextTry
    },

    clear: (): Promise<void> => rm(path, { force: true }),
  }
}

type Record = { count: number; nextTry: number }

/** A file that cannot be read is no reason never to try again. */
async function read(path: string): Promise<Record> {
  try {
    const { count, nextTry } = JSON.parse(await readFile(path, 'utf8')) as Partial<Record>
    return { count: Number(count) || 0, nextTry: Number(nextTry) || 0 }
  } catch {
    return { count: 0, nextTry: 0 }
  }
}
