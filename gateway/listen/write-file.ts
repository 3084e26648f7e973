/** Files that are whole or absent, whoever else writes them at the same time. */
import { randomUUID } from 'node:crypto'
import { access, link, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

type Make = () => string | Promise<string>

/** Leaves a file that is there as it is; of several who create one, the first wins. */
export async function createFile(path: string, make: Make, mode: number): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  if (isThere) return
  await withDraft(path, { text: await make(), mode }, async (draft) => {
    try {
      await link(draft, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  })
}

export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  await withDraft(path, { text, mode }, (draft) => rename(draft, path))
}

async function withDraft(
  path: string,
  { text, mode }: { text: string; mode: number },
  publish: (draft: string) => Promise<void>,
): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}`)
  try {
    const file = await open(draft, 'wx', mode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await publish(draft)
  } finally {
    await rm(draft, { force: true })
  }
}
