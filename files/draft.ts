/**
 * Draft, flush, rename, flush the folder: the order in which a crash at any line leaves a file as it was
 * or as it is to be. No draft is left on any way out.
 */
import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { flushFolder } from './flush.ts'

/** Ends the name of a draft, for readers of a folder to skip those that a crash left behind. */
export const draftSuffix = '.tmp'

type Options = {
  /** The draft, where it has a name of its own. */
  draft?: string
  /** Whether the folder is flushed; false for what a loss of power may take. */
  isKept?: boolean
}

/**
 * `work` makes the draft, and gives it the name `target`. It answers whether it did: where another has
 * been faster, for instance, the answer is false, and what is there stays.
 */
export async function throughDraft(
  target: string,
  work: (draft: string) => Promise<boolean>,
  { draft = `${target}.${randomUUID()}${draftSuffix}`, isKept = true }: Options = {},
): Promise<boolean> {
  let isGiven = false
  try {
    isGiven = await work(draft)
  } finally {
    if (!isGiven) await rm(draft, { force: true })
  }
  if (isGiven && isKept) await flushFolder(dirname(target))
  return isGiven
}

/** Makes a draft with the rights `mode`, which hold from its first byte on. */
export async function fillDraft(
  draft: string,
  fill: (file: FileHandle) => Promise<void>,
  { mode, isKept = true }: { mode: number; isKept?: boolean },
): Promise<void> {
  const file = await open(draft, 'wx', mode)
  try {
    await fill(file)
    if (isKept) await file.sync()
  } finally {
    await file.close()
  }
}

/** Gives a file to a user, as far as the process may: only root gives files away. */
export async function giveTo(
  file: FileHandle,
  { uid, gid }: { uid: number; gid: number },
): Promise<void> {
  await file.chown(uid, gid).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPERM') throw error
  })
}
