/** Makes the htpasswd file where there is none, with one user and a password only its log knows. */
import { randomBytes } from 'node:crypto'
import { hash } from 'bcryptjs'
import type { Logger } from 'pino'
import { createPrivateFile } from '../../../files/create.ts'
import { defaultCost } from './bcrypt-limits.ts'

const user = 'docker'

/** The password is said once, here, and never again. Of several that try at once, one succeeds. */
export async function createHtpasswd(path: string, log: Logger): Promise<void> {
  const password = randomBytes(32).toString('base64url')
  const text = `${user}:${await hash(password, defaultCost)}\n`
  // Whole from the first: another process that saw it empty would say that nobody can log in.
  if (!(await createPrivateFile(path, text))) return
  log.warn({ path, user, password }, 'there was no htpasswd file, so one was made with this user')
}
