/**
 * The certificate and the account of a registry without any configuration. The password is kept as a hash
 * only, so the start that made it has to show it.
 */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { access } from 'node:fs/promises'
import type { Protection } from '../../config/quickstart.ts'
import { openAuthority } from '../../gateway/listen/certificates/authority.ts'
import { checkFolder } from '../../registry/storage/filesystem/check.ts'
import { addUser } from './accounts.ts'

export type FirstEntrance = Awaited<ReturnType<typeof openFirstEntrance>>

const name = 'admin'

/** Makes what is missing, before anything is served. One process does this for all. */
export async function openFirstEntrance({ data, accounts, certificates }: Protection) {
  // Nothing is put into a folder that turns out to be another's.
  await checkFolder(data)
  const { authority } = await openAuthority({ folder: certificates })
  const password = (await isThere(accounts)) ? undefined : randomBytes(12).toString('hex')
  // A password that was never shown would lock out the person who starts again.
  const forget = () => rmSync(accounts, { force: true })
  if (password) {
    await addUser({ file: accounts, name, password, write: () => {} })
    process.once('exit', forget)
  }

  return {
    name,
    /** Undefined when an earlier start has shown it. */
    password,
    accounts,
    /** The authority's certificate, for clients to trust. */
    authority,
    /** To be called once the password is shown: the account stays. */
    keep: () => void process.off('exit', forget),
  }
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
