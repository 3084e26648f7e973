/**
 * A certificate from an authority such as Let's Encrypt, renewed at two thirds of its life. Until the
 * first one comes a temporary one is served; a failure is logged and tried again, and stops nothing.
 */
import { type KeyObject, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { createFile } from '../../../files/create.ts'
import { replaceFile } from '../../../files/replace.ts'
import { createFailures, defaultPauses } from './acme-failures.ts'
import { parseHosts } from './acme-hosts.ts'
import { findChallenge, type Order, orderCertificate } from './acme-order.ts'
import { openAuthority } from './authority.ts'
import { coversNames } from './authority-names.ts'

type Options = Order & {
  log: Pick<Logger, 'info' | 'error' | 'debug'>
  /** Runs the work while no other process does; may throw when another holds the name for long. */
  hold: <T>(name: string, work: () => Promise<T>) => Promise<T>
  /** Milliseconds between two looks at what is left of the certificate's life. */
  interval?: number
  pauses?: typeof defaultPauses
}

export type Acme = Awaited<ReturnType<typeof openAcme>>

/** The file it names is there when this resolves, and is replaced as a whole. */
export async function openAcme(options: Options) {
  const { log, hold, interval = 60 * 60_000, pauses = defaultPauses } = options
  const folder = resolve(options.folder)
  const hosts = parseHosts(options.hosts)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'certificate.pem')
  const temporary = await openAuthority({ folder: join(folder, 'temporary'), names: hosts })
  const makeshift = async () =>
    (await readFile(temporary.key, 'utf8')) + (await readFile(temporary.certificate, 'utf8'))
  await createFile(path, makeshift, 0o600)
  const temporaryKey = new X509Certificate(await readFile(temporary.authority)).publicKey
  const failures = createFailures(join(folder, 'failures.json'), pauses)
  const stopping = new AbortController()
  /** An order may take minutes, and nobody who stops should wait for it. */
  const stopped = once(stopping.signal, 'abort').then(() => undefined)
  const ended = keepRenewing()

  return {
    /** Holds the certificate, its chain and the key; for both settings of a listener. */
    path,
    challenge: (token: string) => findChallenge(folder, token),
    async close(): Promise<void> {
      stopping.abort()
      await ended
    },
  }

  async function keepRenewing(): Promise<void> {
    const { signal } = stopping
    while (!signal.aborted) {
      const nextTry = await attempt().catch((error: Error) => {
        log.debug({ reason: error.message }, 'another process may be renewing the certificate')
        return Date.now() + pauses.first
      })
      const pause = Math.min(Math.max(nextTry - Date.now(), 0) || interval, interval)
      await wait(pause, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  /** Answers when to try again after a failure, and 0 when all is well. */
  async function attempt(): Promise<number> {
    if (!(await isDue(path, hosts, temporaryKey))) return 0
    return hold('certificate', async () => {
      // While this one waited, another may have done it, or failed.
      if (stopping.signal.aborted || !(await isDue(path, hosts, temporaryKey))) return 0
      const nextTry = await failures.nextTry()
      return nextTry > Date.now() ? nextTry : renew()
    })
  }

  async function renew(): Promise<number> {
    try {
      const text = await Promise.race([orderCertificate({ ...options, folder, hosts }), stopped])
      if (text === undefined) return 0
      await replaceFile(path, text, 0o600)
      await failures.clear()
      log.info({ hosts }, 'got a new certificate')
      return 0
    } catch (error) {
      const nextTry = await failures.add(Date.now())
      const message = `no certificate for ${hosts.join(', ')}: ${(error as Error).message}`
      const hint = `; remove ${failures.path} to try at the next start`
      log.error({ retry: new Date(nextTry).toISOString() }, message + hint)
      return nextTry
    }
  }
}

/** At two thirds of its life, and at once where it does not cover all hosts or is the temporary one. */
async function isDue(path: string, hosts: string[], temporaryKey: KeyObject): Promise<boolean> {
  const found = await readFile(path).then(
    (bytes) => new X509Certificate(bytes),
    () => undefined,
  )
  if (!found || found.verify(temporaryKey) || !coversNames(found, hosts)) return true
  const [from, to] = [found.validFromDate.getTime(), found.validToDate.getTime()]
  return Date.now() >= from + ((to - from) * 2) / 3
}
