/** Tells of a history that has no order: all of it in a file, and as much as is enough to see it in lines. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fault } from './clients.ts'
import { smallestOf } from './smallest.ts'
import { writeHistory } from './text.ts'

type Where = { folder: string; seed: number; number: number }

export async function tell({ tag, history }: Fault, { folder, seed, number }: Where) {
  const path = join(folder, `history-${seed}-${number}.txt`)
  await writeFile(path, [tag, ...writeHistory(history), ''].join('\n'))
  const { history: smallest, forgotten } = smallestOf(history)
  const lines = writeHistory(smallest).map((line) => `  ${line}`)
  const first = `not linearizable: ${tag}, all of it in ${path}; whatever ${forgotten} other requests did:`
  return [first, ...lines].join('\n')
}
