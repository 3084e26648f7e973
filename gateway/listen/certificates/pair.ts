/** Whether a certificate and a key can serve together: what must not be is thrown, the rest warned of. */
import type { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { type Chain, fault, type PrivateKey } from './pem.ts'

const smallestRsa = 2048
const usableKeys = ['rsa', 'rsa-pss', 'ec', 'ed25519', 'ed448']

/** Throws unless a listener could be opened with the two. */
export function checkPair(chain: Chain, { file, key }: PrivateKey): void {
  const [leaf, ...others] = chain.certificates
  if (!leaf.checkPrivateKey(key)) {
    const place = others.findIndex((certificate) => certificate.checkPrivateKey(key))
    if (place === -1) {
      const what = `is not the key of the certificate in ${chain.file.path} (${nameOf(leaf)})`
      throw fault(file, what)
    }
    const order = `the certificate of the key has to come first, and is number ${place + 2}`
    throw fault(chain.file, `is in the wrong order: ${order}`)
  }
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails } = key
  if (!usableKeys.includes(type)) {
    throw fault(file, `is a ${type} key; clients know ${usableKeys.join(', ')}`)
  }
  const bits = asymmetricKeyDetails?.modulusLength
  if (bits !== undefined && bits < smallestRsa) {
    throw fault(file, `is too weak: RSA with ${bits} bits, and it takes ${smallestRsa} at least`)
  }
  try {
    createSecureContext({ cert: pemOf(chain.certificates), key: keyPem({ file, key }) })
  } catch (cause) {
    throw fault(chain.file, `cannot be served: ${(cause as Error).message}`, cause)
  }
}

/** Warnings about a server's chain that can be served even so. */
export function chainWarnings({ file, certificates }: Chain, now: Date): string[] {
  const [leaf] = certificates
  const gap = certificates.findIndex((certificate, index) => {
    const issuer = certificates[index + 1]
    return issuer !== undefined && !certificate.checkIssued(issuer)
  })
  return [
    ...validityWarnings({ file, certificates }, now),
    ...(leaf.subjectAltName === undefined
      ? [fault(file, 'names no host in its subjectAltName: clients will refuse it').message]
      : []),
    ...(gap === -1
      ? []
      : [fault(file, `is not a chain: number ${gap + 2} did not issue number ${gap + 1}`).message]),
  ]
}

/** Certificates whose time is over, or has not come. */
export function validityWarnings({ file, certificates }: Chain, now: Date): string[] {
  return certificates.flatMap((certificate) => {
    const { validFromDate, validToDate } = certificate
    const name = nameOf(certificate)
    if (validToDate < now) return [fault(file, `expired on ${day(validToDate)}: ${name}`).message]
    if (validFromDate <= now) return []
    return [fault(file, `is not valid before ${day(validFromDate)}: ${name}`).message]
  })
}

export function pemOf(certificates: readonly X509Certificate[]): string {
  return certificates.map((certificate) => certificate.toString()).join('')
}

export function keyPem({ key }: PrivateKey): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** How a certificate is called in a message. */
export function nameOf({ subject, subjectAltName, serialNumber }: X509Certificate): string {
  const name = subject || subjectAltName || `serial ${serialNumber}`
  return name.replace(/\s*\n\s*/g, ', ').replace(/[^ -~]/g, '?')
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}
