/**
 * Logins from a credential helper, a program such as `docker-credential-pass`: it is run with `get`, reads the name
 * of the server, and writes `{"Username": …, "Secret": …}`.
 */
import { spawn } from 'node:child_process'
import { createJoined } from '../../registry/pace/joined.ts'
import type { Credentials, Login } from './credentials.ts'

type Helper = {
  /** Looked up on the PATH unless it is a path. */
  program: string
  /** What the helper knows the registry as. */
  server: string
  /** How long an answer is good: undefined for good, 0 for one request. */
  lifetimeMs?: number | undefined
}

const mostMs = 30_000
const mostBytes = 64 * 1024
/** An answer that was refused is asked for anew, but not at each of many requests that fail. */
const freshMs = 10_000

export function credentialsOfHelper({ program, server, lifetimeMs }: Helper): Credentials {
  const joined = createJoined<Login | undefined>()
  let last: { login: Login | undefined; at: number } | undefined
  return async ({ signal, isRefused = false }) => {
    const age = last ? Date.now() - last.at : Number.POSITIVE_INFINITY
    const isGood = age < (lifetimeMs ?? Number.POSITIVE_INFINITY) && !(isRefused && age > freshMs)
    if (last && isGood) return last.login
    const run = async () => {
      const login = readAnswer(program, await runHelper(program, server))
      last = { login, at: Date.now() }
      return login
    }
    return joined('', run, signal)
  }
}

type Ended = { code: number | null; stdout: string }

function runHelper(program: string, server: string): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>()
  // What the helper says to people is not for the log: it may hold a secret.
  const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], timeout: mostMs })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (stdout.length > mostBytes) child.kill('SIGKILL')
  })
  child.on('error', (cause) =>
    reject(new Error(`${program} could not be run: ${cause.message}`, { cause })),
  )
  child.on('close', (code) => resolve({ code, stdout }))
  // A helper may end without reading.
  child.stdin.on('error', () => {}).end(`${server}\n`)
  return promise
}

/** What helpers say when they know of no login; docker looks for the same words. */
const unknown = 'credentials not found in native keychain'

function readAnswer(program: string, { code, stdout }: Ended): Login | undefined {
  if (code !== 0) {
    if (stdout.trim() === unknown) return undefined
    throw new Error(`${program} get ended with ${code ?? 'a signal'} instead of a login`)
  }
  const { Username: username, Secret: secret } = parsed(stdout)
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw new Error(`${program} get wrote no {"Username": …, "Secret": …}`)
  }
  if (username === '<token>') return { identityToken: secret }
  return username === '' && secret === '' ? undefined : { username, password: secret }
}

function parsed(text: string): { Username?: unknown; Secret?: unknown } {
  try {
    return Object(JSON.parse(text))
  } catch {
    // The text is not repeated: it may hold the secret.
    return {}
  }
}
