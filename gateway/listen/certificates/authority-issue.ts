/**
 * Makes the key and the certificates of an authority, as PEM: ECDSA on P-256. The library is
 * loaded when the first is asked for, which is once in the life of most installations.
 */
import type { KeyObject, X509Certificate } from 'node:crypto'
import { generateKeyPair, randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import { promisify } from 'node:util'

const day = 24 * 60 * 60 * 1000
/** The clocks of clients are not ours. */
const skew = 60 * 60 * 1000
const authorityLife = 3_650 * day
/** Some clients take no certificate of a longer life. */
const serverLife = 397 * day

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const
const signingAlgorithm = { ...curve, hash: 'SHA-256' } as const

export async function createKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** A name nobody else's authority has: clients that know several find the right one by it. */
export async function issueAuthority(it: { key: KeyObject; host: string; now: Date }) {
  const x509 = await load()
  const { privateKey, publicKey } = await importKey(it.key)
  const name = `kura ${it.host.slice(0, 40)} ${randomBytes(4).toString('hex')}`
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: createSerial(),
    name: [{ CN: [name] }],
    notBefore: new Date(it.now.getTime() - skew),
    notAfter: new Date(it.now.getTime() - skew + authorityLife),
    keys: { privateKey, publicKey },
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  })
  return pem(certificate)
}

type Wanted = {
  key: KeyObject
  ca: X509Certificate
  caKey: KeyObject
  names: readonly string[]
  now: Date
}

/** Never longer than the authority itself. */
export async function issueServer({ key, ca, caKey, names, now }: Wanted) {
  const x509 = await load()
  const issuer = new x509.X509Certificate(ca.raw)
  const { publicKey } = await importKey(key)
  const { privateKey: signingKey } = await importKey(caKey)
  const ends = Math.min(now.getTime() - skew + serverLife, ca.validToDate.getTime())
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: createSerial(),
    subject: [{ CN: [(names[0] ?? 'kura').slice(0, 64)] }],
    issuer: issuer.subjectName,
    notBefore: new Date(now.getTime() - skew),
    notAfter: new Date(ends),
    publicKey,
    signingKey,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  })
  return pem(certificate)
}

async function load() {
  // The library's own needs it in place before it starts.
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

async function importKey(key: KeyObject) {
  const { subtle } = webcrypto
  const der = key.export({ type: 'pkcs8', format: 'der' })
  const privateKey = await subtle.importKey('pkcs8', new Uint8Array(der), curve, true, ['sign'])
  const { d: _, key_ops: __, ...open } = await subtle.exportKey('jwk', privateKey)
  const publicKey = await subtle.importKey('jwk', open, curve, true, ['verify'])
  return { privateKey, publicKey }
}

/** 127 random bits, positive and never zero. */
function createSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}

function pem(certificate: { toString(format: 'pem'): string }): string {
  return `${certificate.toString('pem').trimEnd()}\n`
}
