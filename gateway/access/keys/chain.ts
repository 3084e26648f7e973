/**
 * Verifies the chain of certificates that a token brings along (`x5c`) up to one that is trusted.
 * A failure is final: a token with a bad chain is not tried in another way.
 */
import { X509Certificate } from 'node:crypto'
import { TokenRefused } from '../verify/refused.ts'

const longestChain = 5

/** The certificate whose key signed the token. Throws `TokenRefused` unless a root vouches for it. */
export function verifyChain(x5c: unknown, roots: readonly X509Certificate[]): X509Certificate {
  const chain = parseChain(x5c)
  const [leaf] = chain
  if (!leaf) throw new TokenRefused('its x5c is empty')

  for (const [at, certificate] of chain.entries()) {
    requireInTime(certificate)
    if (roots.some((root) => vouches(root, certificate))) return leaf

    const next = chain[at + 1]
    if (!next || !issued(next, certificate)) break
  }
  throw new TokenRefused('its x5c does not lead to a trusted certificate')
}

function parseChain(x5c: unknown): X509Certificate[] {
  if (!Array.isArray(x5c) || x5c.length > longestChain) {
    throw new TokenRefused(`its x5c is not a list of at most ${longestChain} certificates`)
  }
  return x5c.map((text) => {
    try {
      return new X509Certificate(Buffer.from(String(text), 'base64'))
    } catch (cause) {
      throw new TokenRefused('its x5c holds something that is not a certificate', { cause })
    }
  })
}

/** A root vouches for itself, too: some issuers sign with the very certificate that is trusted. */
function vouches(root: X509Certificate, certificate: X509Certificate): boolean {
  if (root.raw.equals(certificate.raw)) return true
  return isInTime(root) && issued(root, certificate)
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}

function requireInTime(certificate: X509Certificate): void {
  if (!isInTime(certificate)) throw new TokenRefused('a certificate of its x5c is not in its time')
}

function isInTime({ validFromDate, validToDate }: X509Certificate): boolean {
  const now = Date.now()
  return validFromDate.getTime() <= now && now <= validToDate.getTime()
}
