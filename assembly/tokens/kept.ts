/**
 * The records that `kura token` reads and changes: those of the server whose configuration it has. Where
 * no server has made any, it makes none either: nobody would ever read them.
 */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import { parseHtpasswd } from '../../gateway/access/passwords/htpasswd-lines.ts'
import { findTokenFolder } from './keys.ts'
import { openTokenRecords, type TokenRecords } from './records.ts'

/** `users` is undefined where the htpasswd file cannot be read. */
export type KeptTokens = TokenRecords & { users: ReadonlyMap<string, string> | undefined }

export async function openKeptTokens(
  config: Config,
  log: Pick<Logger, 'warn'>,
): Promise<KeptTokens> {
  const folder = findTokenFolder(config)
  if (folder === undefined) {
    throw new Error(
      'kura.tokens.folder (REGISTRY_KURA_TOKENS_FOLDER) must say where the tokens of robots are kept: a folder that all gateways read',
    )
  }
  await requireServers(folder)
  const users = await usersOf(config.auth?.htpasswd?.path)
  const report = (error: unknown) => log.warn({ reason: String(error) }, 'tokens')
  const hashOf = (name: string) => users?.get(name)
  return { ...(await openTokenRecords(config, { folder, report, hashOf })), users }
}

async function usersOf(path: string | undefined) {
  if (path === undefined) return undefined
  return readFile(path, 'utf8').then(
    (text) => parseHtpasswd(text).users,
    () => undefined,
  )
}

/** A server with accounts makes its folder when it starts. */
async function requireServers(folder: string): Promise<void> {
  const path = join(folder, 'tokens')
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (found?.isDirectory()) return
  throw new Error(
    `there is no folder ${path}, so no server with accounts has started on it: run this with the configuration of the server (--config, or the same variables) and in the same folder, after its first start`,
  )
}
