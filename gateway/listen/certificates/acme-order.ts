/** Orders a certificate from an authority that speaks ACME, and answers its challenges over HTTP. */
import { createPrivateKey } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createFile } from '../../../files/create.ts'
import { replaceFile } from '../../../files/replace.ts'
import { createKey } from './authority-issue.ts'
import { checkPair } from './pair.ts'
import { parseCertificates } from './pem.ts'

export type Order = {
  /** Where the account's key and the open challenges are, for all processes. */
  folder: string
  hosts: readonly string[]
  email?: string
  directoryUrl?: string
  /** Milliseconds before an unfinished step is asked for again; it grows from there. */
  pollMs?: number
}

const answerIn = 30_000
const tokenPattern = /^[\w-]{1,128}$/

/** The new key and the chain for it, in one PEM text. */
export async function orderCertificate(order: Order): Promise<string> {
  const { folder, hosts, email, directoryUrl, pollMs = 5_000 } = order
  const acme = await load()
  const account = join(folder, 'account.key')
  await createFile(account, createKey, 0o600)
  const client = new acme.Client({
    directoryUrl: directoryUrl ?? acme.directory.letsencrypt.production,
    accountKey: await readFile(account),
    backoffMin: pollMs,
    backoffMax: pollMs * 6,
  })
  const key = await createKey()
  const [, csr] = await acme.crypto.createCsr(
    { commonName: hosts[0] ?? '', altNames: [...hosts] },
    key,
  )
  const chain = await client.auto({
    csr,
    ...(email !== undefined && { email }),
    termsOfServiceAgreed: true,
    challengePriority: ['http-01'],
    // From in here the way a stranger takes cannot be tried; the authority will.
    skipChallengeVerification: true,
    challengeCreateFn: (_authorization, { token }, text) => showChallenge(folder, token, text),
    challengeRemoveFn: (_authorization, { token }) => rm(challengeFile(folder, token)),
  })
  const file = { setting: 'http.tls.letsencrypt', path: 'the certificate that came', text: chain }
  checkPair(parseCertificates(file), { file, key: createPrivateKey(key) })
  return key + chain
}

/** The answer to an authority that asks for this token; every process finds it. */
export async function findChallenge(folder: string, token: string): Promise<string | undefined> {
  if (!tokenPattern.test(token)) return undefined
  return readFile(challengeFile(folder, token), 'utf8').catch(() => undefined)
}

async function showChallenge(folder: string, token: string, text: string): Promise<void> {
  if (!tokenPattern.test(token)) throw new Error('the authority sent a token that is none')
  await mkdir(join(folder, 'challenges'), { recursive: true })
  await replaceFile(challengeFile(folder, token), text, 0o600)
}

function challengeFile(folder: string, token: string): string {
  return join(folder, 'challenges', token)
}

/** Loaded by those who need it alone: it is large. */
async function load() {
  const acme = await import('acme-client')
  acme.axios.defaults.timeout = answerIn
  return acme
}
