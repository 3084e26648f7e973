/** The certificates of `http.tls`: from files, or from an authority that gives them out by itself. */
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import { openAcme } from '../../gateway/listen/certificates/acme.ts'
import { openCertificates } from '../../gateway/listen/certificates/files.ts'
import type { Leases } from '../../registry/leases/lease.ts'

type Tls = NonNullable<Config['http']['tls']>
type Parts = { log: Logger; leases: Leases }

/** Undefined without TLS. Throws an error that names the setting. */
export async function openServerCertificates(tls: Tls | undefined, parts: Parts) {
  const { log } = parts
  if (!tls) return undefined

  const acme = await openAuthority(tls, parts)
  const certificate = tls.certificate ?? acme?.path
  const key = tls.key ?? acme?.path
  if (!certificate || !key) {
    throw new Error('http.tls: set certificate and key, or letsencrypt.cachefile and its hosts')
  }
  const files = await openCertificates({ certificate, key, clientcas: tls.clientcas, log })
  return {
    files,
    challenge: acme?.challenge,
    close() {
      files.close()
      acme?.close()
    },
  }
}

async function openAuthority({ letsencrypt }: Tls, { log, leases }: Parts) {
  if (!letsencrypt?.cachefile) return undefined
  const { cachefile: folder, hosts, email, directoryurl } = letsencrypt
  return openAcme({
    folder,
    hosts,
    log,
    ...(email && { email }),
    ...(directoryurl && { directoryUrl: directoryurl }),
    hold: (name, work) => leases.hold(name, 'unavailable', work),
  })
}
