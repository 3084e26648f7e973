/** Makes the htpasswd file where there is none, with one user and a password only its log knows. */
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hash } from 'bcryptjs'
import type { Logger } from 'pino'
import { defaultCost } from './bcrypt-limits.ts'

const user = 'docker'

/** The password is said once, here, and never again. Of several that try at once, one succeeds. */
export async function createHtpasswd(path: string, log: Logger): Promise<void> {
  const password = randomBytes(32).toString('base64url')
  const text = `${user}:${await hash(password, defaultCost)}\n`
  await mkdir(dirname(path), { recursive: true })
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600, flush: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
    throw error
  }
  log.warn({ path, user, password }, 'there was no htpasswd file, so one was made with this user')
}
