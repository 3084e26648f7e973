/**
 * The users whose tokens an administrator has ended, all at once. Such a user has a mark from then on,
 * and new tokens are tied to it: those that were given out without the mark are refused.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { folderMark } from '../../../files/folder-mark.ts'
import { changeFile } from '../../../files/replace.ts'
import { watch } from '../../../files/watch.ts'

const record = z.object({
  users: z.record(z.string(), z.object({ mark: z.string().min(1), endedAt: z.iso.datetime() })),
})
type Record = z.infer<typeof record>

type Options = { folder: string; report: (error: unknown) => void; checkMs?: number }

export type Endings = Awaited<ReturnType<typeof openEndings>>

/**
 * Creates the folder. Any number of processes may have it open. Rejects when the record is there and
 * cannot be read: then nobody could say what was ended.
 */
export async function openEndings({ folder, report, checkMs = 1000 }: Options) {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'ended.json')
  let wasThere = false
  // The file is replaced whole, which changes the folder.
  const look = async () => ({ mark: await folderMark(folder), make: load })
  const endings = watch({ look, settleMs: 0, checkMs, report })
  await endings.get()

  return {
    /** Undefined where nothing was ever ended. */
    markOf: async (user: string): Promise<string | undefined> => (await endings.get()).get(user),

    /** Looks now, and not only once the last look is old. */
    check: async (): Promise<void> => void (await endings.check()),

    /** On disk when it resolves. */
    async end(user: string): Promise<void> {
      const ending = { mark: randomUUID(), endedAt: new Date().toISOString() }
      await changeFile(path, (bytes) => {
        const { users } = parse(bytes.toString())
        return `${JSON.stringify({ users: { ...users, [user]: ending } }, undefined, 2)}\n`
      })
    },
  }

  async function load(): Promise<ReadonlyMap<string, string>> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && !wasThere) return ''
      throw error
    })
    const { users } = parse(text)
    wasThere = text !== ''
    return new Map(Object.entries(users).map(([user, { mark }]) => [user, mark]))
  }

  function parse(text: string): Record {
    if (text === '') return { users: {} }
    try {
      return record.parse(JSON.parse(text))
    } catch (cause) {
      throw new Error(`${path} does not say whose tokens were ended`, { cause })
    }
  }
}
