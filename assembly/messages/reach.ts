/**
 * Where a client on this machine finds the registry, and which authority it has to be given for it: what the
 * configuration says of that, and what the certificate is for.
 */
import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { rootCertificates } from 'node:tls'
import type { Config } from '../../config/schema.ts'
import { parseCertificates, readPemFile } from '../../gateway/listen/certificates/pem.ts'

export type Reach = {
  url: string
  /** The host in the name of an image, as in `host/team/app`; undefined where there is only a socket. */
  host: string | undefined
  /** The same for other machines, where it is another. */
  elsewhere?: string | undefined
  /** The file with an authority that systems do not know. */
  authority?: string | undefined
}

/** A certificate that is missing or damaged is passed over here: the start says what is wrong with it. */
export async function findReach({ http }: Config): Promise<Reach> {
  const certificate = await readCertificate(http.tls?.certificate)
  const authority = certificate && (await findAuthority(certificate))
  const scheme = http.tls ? 'https' : 'http'
  if (http.host) return byUrl(new URL(http.host), { certificate, authority })
  if ('path' in http.addr) return { url: `${scheme}://localhost`, host: undefined, authority }

  const { host, port } = http.addr
  const isOpen = host === undefined || !isLoopbackName(host)
  const { name, other } = namesFor(namesHere(host), {
    certificate,
    hosts: http.tls?.letsencrypt?.hosts,
  })
  const withPort = (name: string) => clientName(name, { port, scheme })
  return {
    url: `${scheme}://${withPort(name)}`,
    host: withPort(name),
    elsewhere: other && isOpen ? withPort(other) : undefined,
    authority,
  }
}

type Trusted = { certificate: Certificate | undefined; authority: string | undefined }

/** A proxy may have a certificate of its own under that name. */
function byUrl({ protocol, hostname, host, origin }: URL, { certificate, authority }: Trusted) {
  const isOurs = protocol === 'https:' && isFor(certificate, hostname.replace(/^\[(.*)\]$/, '$1'))
  return { url: origin, host, authority: isOurs ? authority : undefined }
}

type Known = { certificate: Certificate | undefined; hosts: readonly string[] | undefined }

/** One that the certificate is for, if it can be; and another for other machines, where they need another. */
function namesFor(here: string[], { certificate, hosts }: Known) {
  const own = hosts ?? namesOf(certificate)
  const fitting = hosts ? undefined : here.find((name) => isFor(certificate, name))
  const name = fitting ?? own[0] ?? here[0] ?? 'localhost'
  return { name, other: isLoopbackName(name) ? own.find((it) => !isLoopbackName(it)) : undefined }
}

/** As it stands before the name of an image. Without a dot or a port it would be a part of the name. */
function clientName(name: string, { port, scheme }: { port: number; scheme: string }): string {
  const written = isIP(name) === 6 ? `[${name}]` : name
  const isPlain = port === (scheme === 'https' ? 443 : 80)
  return isPlain && /^localhost$|\./.test(name) ? written : `${written}:${port}`
}

export const isLoopbackName = (name: string) => /^(?:localhost|127\.[\d.]+|::1)$/.test(name)

/** The names, on this machine, of the address that kura listens on. */
function namesHere(host: string | undefined): string[] {
  if (host === undefined || host === '0.0.0.0' || host === '::') return ['localhost', '127.0.0.1']
  return host === '127.0.0.1' || host === '::1' ? ['localhost', host] : [host]
}

type Certificate = { path: string; chain: [X509Certificate, ...X509Certificate[]] }

async function readCertificate(path: string | undefined): Promise<Certificate | undefined> {
  if (path === undefined) return undefined
  try {
    return {
      path: resolve(path),
      chain: parseCertificates(await readPemFile('', path)).certificates,
    }
  } catch {
    return undefined
  }
}

/** Clients look at these names only, and at the subject no more. */
function isFor(certificate: Certificate | undefined, name: string): boolean {
  if (!certificate) return true
  const [server] = certificate.chain
  return isIP(name)
    ? server.checkIP(name) !== undefined
    : server.checkHost(name, { subject: 'never' }) !== undefined
}

function namesOf(certificate: Certificate | undefined): string[] {
  const text = certificate?.chain[0].subjectAltName ?? ''
  const names = [...text.matchAll(/(?:DNS|IP Address):([^,"]+)/g)].map(([, name = '']) => name)
  return names.filter((name) => !name.includes('*'))
}

/** Which file a client may take it from: that of the certificate itself, or `ca.crt` beside it. */
async function findAuthority({ path, chain }: Certificate): Promise<string | undefined> {
  const last = chain.at(-1) ?? chain[0]
  if (isIssuedBy(last, last)) return isKnown(last) ? undefined : path
  const beside = await readCertificate(join(dirname(path), 'ca.crt'))
  return beside && isIssuedBy(last, beside.chain[0]) ? beside.path : undefined
}

const isIssuedBy = (it: X509Certificate, issuer: X509Certificate) =>
  it.checkIssued(issuer) && it.verify(issuer.publicKey)

const isKnown = (root: X509Certificate) =>
  rootCertificates.some((it) => it.replace(/\s/g, '') === root.toString().replace(/\s/g, ''))
