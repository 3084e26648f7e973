/**
 * A certificate authority of one's own and a server certificate from it, kept in a folder. Keys are
 * made once and stay; a certificate is made for the key that is there. So any number of processes
 * may do this at once, and none ever sees a certificate beside a key that does not fit.
 */
import type { X509Certificate } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { createFile } from '../../../files/create.ts'
import { replaceFile } from '../../../files/replace.ts'
import { createKey, issueAuthority, issueServer } from './authority-issue.ts'
import { coversNames, givenNames, parseNames, withStandardNames } from './authority-names.ts'
import { checkPair } from './pair.ts'
import { parseCertificates, parseKey, readPemFile } from './pem.ts'

type Options = {
  folder: string
  /** Host names and addresses beside those of this machine. */
  names?: readonly string[]
  now?: Date
}

const day = 24 * 60 * 60 * 1000
const renewBefore = 30 * day

/**
 * Makes what is missing and renews what is due; the authority is never replaced, and names that were given
 * once stay in every certificate that follows.
 */
export async function openAuthority({ folder, names = [], now = new Date() }: Options) {
  const place = resolve(folder)
  const [authority, certificate, key] = ['ca.crt', 'server.crt', 'server.key'].map((name) =>
    join(place, name),
  ) as [string, string, string]
  const given = parseNames(names)
  await mkdir(place, { recursive: true, mode: 0o755 })

  const caKey = await keyIn(join(place, 'ca.key'))
  const ca = await certificateIn(authority, caKey, () =>
    issueAuthority({ key: caKey.key, host: hostname(), now }),
  )
  if (ca.validToDate.getTime() - now.getTime() < renewBefore) {
    const ends = ca.validToDate.toISOString().slice(0, 10)
    throw new Error(`${authority} ends on ${ends}: remove ${place}, and give clients the new one`)
  }

  const serverKey = await keyIn(key)
  const issue = (names: string[]) =>
    issueServer({ key: serverKey.key, ca, caKey: caKey.key, names, now })
  const found = await certificateIn(certificate, serverKey, () => issue(withStandardNames(given)))
  const kept = [...given, ...givenNames(found)]
  const wanted = withStandardNames(kept)
  const isDue = found.validToDate.getTime() - now.getTime() < renewBefore
  if (isDue || !coversNames(found, wanted) || !found.verify(ca.publicKey)) {
    await replaceFile(certificate, await issue(wanted), 0o644)
  }
  return {
    authority,
    certificate,
    key,
    /** Those of this call, then those of earlier ones. */
    given: kept,
    /** All that the certificate is for. */
    names: wanted,
    fingerprint: ca.fingerprint256,
  }
}

async function keyIn(path: string) {
  await createFile(path, createKey, 0o600)
  return parseKey(await readPemFile('the key', path))
}

/** The certificate in a file; it is made when there is none, and has to belong to the key. */
async function certificateIn(
  path: string,
  key: ReturnType<typeof parseKey>,
  issue: () => Promise<string>,
): Promise<X509Certificate> {
  await createFile(path, issue, 0o644)
  const chain = parseCertificates(await readPemFile('the certificate', path))
  checkPair(chain, key)
  return chain.certificates[0]
}
