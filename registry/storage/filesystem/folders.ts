/** Folders that survive the loss of power: a new name is safe only once its folder is flushed. */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { flushFolder } from '../../../files/flush.ts'
import { hasCode } from './absent.ts'

/** How often a folder is made for one file. A removal can take it away as often as there are removals. */
const mostTries = 5

type Making<T> = { confirm?: (() => Promise<void>) | undefined; work: () => Promise<T> }

/**
 * Runs `work`, which makes a file in `folder`, once that is there. Where the folder is removed meanwhile, it
 * is made again, and `work` runs again: as if the removal had come first.
 */
export async function inFolder<T>(folder: string, { confirm, work }: Making<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      await ensureFolder(folder, confirm)
      return await work()
    } catch (error) {
      if (tries === mostTries || !hasCode(error, ['ENOENT'])) throw error
    }
  }
}

/**
 * Makes `folder` and whatever is missing above it, and flushes the names this adds. `confirm` is asked
 * before more than one folder is made.
 */
async function ensureFolder(folder: string, confirm = async () => {}): Promise<void> {
  const first = (await makeOne(folder)) ?? (await makeMany(folder, confirm))
  if (!first) return

  const changed = [dirname(first)]
  for (let added = dirname(folder); added.length >= first.length; added = dirname(added)) {
    changed.push(added)
  }
  await Promise.all(changed.map(flushFolder))
}

/** The folder, if it was made just now; an empty text if it was there; undefined if more is missing. */
async function makeOne(folder: string): Promise<string | undefined> {
  try {
    await mkdir(folder)
    return folder
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return ''
    if (code === 'ENOENT') return undefined
    throw error
  }
}

async function makeMany(folder: string, confirm: () => Promise<void>): Promise<string | undefined> {
  await confirm()
  return mkdir(folder, { recursive: true })
}
