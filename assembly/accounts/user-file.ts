/**
 * Which file `kura user` is about: the one it is told, or the one of the server whose configuration it has. In
 * another folder than the server's that would be another file, which nobody reads: none is made there.
 */
import { access } from 'node:fs/promises'
import { dirname, isAbsolute, resolve } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import type { Environment } from '../../config/variables/environment.ts'

type Told = { file?: string; config?: string }

/** The whole path, as it is written to. */
export async function findUserFile(
  { file, config: path }: Told,
  env: Environment = process.env,
): Promise<string> {
  if (file) return resolve(file)
  const { config, protection } = await loadConfig({ ...(path && { path }), env })
  const named = config.auth?.htpasswd?.path
  if (named === undefined) {
    throw new Error('auth.htpasswd.path is not set: name the file with --file')
  }
  const found = resolve(named)
  if (protection && !(await isThere(found))) {
    throw new Error(
      `there is no ${found}, so no kura without settings has started in ${process.cwd()}: ${whereElse}`,
    )
  }
  if (!isAbsolute(named) && !(await isThere(dirname(found)))) {
    throw new Error(
      `auth.htpasswd.path is ${named}, and there is no folder ${dirname(found)}: ${whereElse}`,
    )
  }
  return found
}

const whereElse =
  'run this in the folder where the server starts, with its configuration (--config, or the same variables), or name the file with --file'

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
