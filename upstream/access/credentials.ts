/** The login for a registry: from values, or from a file that holds the password. */
import { stat } from 'node:fs/promises'
import { readAtMost } from '../../files/bounded.ts'

/** An identity token takes the place of a password at a token server, and nowhere else. */
export type Login =
  | { username: string; password: string }
  | { username?: string; identityToken: string }

/** `isRefused` says that the last answer was refused, so that what is remembered is looked up anew. */
export type Wanted = { signal?: AbortSignal | undefined; isRefused?: boolean }

/** Undefined is nobody: the registry is asked without a login. */
export type Credentials = (wanted: Wanted) => Promise<Login | undefined>

export function fixedCredentials(login: Login): Credentials {
  return async () => login
}

/** The password is the content of the file without the end of its last line; a changed file is read again. */
export function credentialsOfFile(username: string, path: string): Credentials {
  const read = createFileReader(path, (bytes) => bytes.toString('utf8').replace(/\r?\n$/, ''))
  return async () => ({ username, password: await read() })
}

const largestFile = 1024 * 1024

/** What `parse` made of the file; read again when its time, its size or its inode is another. */
export function createFileReader<T>(path: string, parse: (bytes: Buffer) => T): () => Promise<T> {
  let last: { state: string; value: T } | undefined
  return async () => {
    const { mtimeMs, size, ino } = await stat(path)
    const state = `${mtimeMs} ${size} ${ino}`
    if (last?.state !== state) last = { state, value: parse(await readAtMost(path, largestFile)) }
    return last.value
  }
}
