/** Settings that HTTPS needs, checked before anything is opened. Each throws an error with the setting. */
import type { Config } from '../../config/schema.ts'

export function refuseNoCertificate({ http: { tls } }: Pick<Config, 'http'>): void {
  if (!tls || (tls.certificate && tls.key) || tls.letsencrypt?.cachefile) return
  throw new Error('http.tls: set certificate and key, or letsencrypt.cachefile and its hosts')
}

export function refuseRedirect({ http, kura }: Pick<Config, 'http' | 'kura'>): void {
  if (!kura.redirect || http.tls) return
  throw new Error('kura.redirect sends clients to HTTPS: set http.tls too, or leave it out')
}
