/** An issuer for tests that makes any token, good or bad, and the certificates it may show. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { SignJWT } from 'jose'
import { asymmetric } from '../../../../gateway/access/keys/algorithms.ts'
import { thumbprintOf } from '../../../../gateway/access/keys/key-ids.ts'
import { openTrust } from '../../../../gateway/access/keys/trust.ts'
import { TokenRefused } from '../../../../gateway/access/verify/refused.ts'
import { createVerifier } from '../../../../gateway/access/verify/verify.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { createCertificate } from '../keys/certificates.ts'

export const cleanup = useCleanup()
export const issuer = 'https://issuer.example'
export const service = 'registry.example'
export const now = () => Math.floor(Date.now() / 1000)

export const [root, stranger] = await Promise.all([
  createCertificate({ name: 'root', ca: true }),
  createCertificate({ name: 'stranger', ca: true }),
])
const [impostor, expiredRoot] = await Promise.all([
  createCertificate({ name: 'root', ca: true }),
  createCertificate({ name: 'old', ca: true, notAfter: new Date(Date.now() - 1000) }),
])
export const [leaf, middle, expired, early, ofExpiredRoot] = await Promise.all([
  createCertificate({ name: 'leaf', by: root }),
  createCertificate({ name: 'middle', by: root, ca: true }),
  createCertificate({ name: 'expired', by: root, notAfter: new Date(Date.now() - 1000) }),
  createCertificate({ name: 'early', by: root, notBefore: new Date(Date.now() + 60_000) }),
  createCertificate({ name: 'late', by: expiredRoot }),
])
export const [deep, ofLeaf, ofImpostor] = await Promise.all([
  createCertificate({ name: 'deep', by: middle }),
  createCertificate({ name: 'of leaf', by: leaf }),
  createCertificate({ name: 'leaf', by: impostor }),
])

const bundle = join(await cleanup.folder(), 'bundle.pem')
await writeFile(bundle, `${root.pem}\n\n${expiredRoot.pem}\n`)
export const publicKey = createPublicKey(root.privateKey)
export const kid = thumbprintOf(publicKey)

export async function open(options: { remember?: number; now?: () => number } = {}) {
  const trust = await openTrust({ rootcertbundle: bundle, checkMs: 60_000, report: () => {} })
  const authority = { issuer, service, algorithms: asymmetric, trust }
  return createVerifier({ authorities: [authority], remember: 0, ...options })
}

export type Making = {
  header?: object
  claims?: object
  key?: KeyObject | Uint8Array
  alg?: string
}

/** A good token but for what is asked to be otherwise; undefined takes something away. */
export function make({ header, claims, key = root.privateKey, alg = 'ES256' }: Making = {}) {
  const access = [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }]
  const base = { iss: issuer, aud: service, sub: 'alice', exp: now() + 300, nbf: now(), access }
  return new SignJWT({ ...base, ...claims })
    .setProtectedHeader({ alg, kid, ...header } as { alg: string })
    .sign(key)
}

export async function reasonOf(token: string): Promise<string> {
  const verify = await open()
  const error = await verify(token).then(
    () => undefined,
    (it: unknown) => it,
  )
  expect(error).toBeInstanceOf(TokenRefused)
  const refused = error as TokenRefused
  expect(refused.message).toBe('the token was refused')
  expect(refused.reason).not.toContain(token.split('.').at(-1) || 'no signature')
  return refused.reason
}

export const noKid = { kid: undefined }
