/**
 * How a shell calls the kura that runs, for lines that are there to be pasted: by its name where the PATH leads to
 * it, as `bin/kura` in its own folder, and elsewhere by its path.
 */
import { realpathSync } from 'node:fs'
import { delimiter, isAbsolute, join, relative } from 'node:path'
import { installed } from '../installed.ts'

const own = realpathSync(join(installed, 'bin/kura'))

type Caller = { PATH?: string | undefined; folder?: string }

export function ownName({ PATH = process.env.PATH, folder = process.cwd() }: Caller = {}): string {
  const found = (PATH ?? '').split(delimiter).filter(isLasting).map(commandIn).find(Boolean)
  if (found === own) return 'kura'
  const path = relative(folder, own)
  return path === 'bin/kura' ? path : quoted(own)
}

/** npm puts folders before the PATH of what it runs, which the shell that called npm does not have. */
const isLasting = (folder: string) => isAbsolute(folder) && !folder.endsWith('node_modules/.bin')

/** The file behind `kura` in the folder; undefined where there is none. */
function commandIn(folder: string): string | undefined {
  try {
    return realpathSync(join(folder, 'kura'))
  } catch {
    return undefined
  }
}

/** Text in a line that is there to be pasted: a shell reads it back as it was. */
export function quoted(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
