/**
 * Refusals of a configuration by the parts of kura, asked for before they are opened: those that show
 * without reading a file or opening a connection. Each part has its own words.
 */
import type { Config } from '../../config/schema.ts'
import { allowedAlgorithms } from '../../gateway/access/keys/algorithms.ts'
import { refusePrefix, refuseUnsafeUrl } from '../../gateway/access/verify/issuers.ts'
import { parseHosts } from '../../gateway/listen/certificates/acme-hosts.ts'
import { cipherList } from '../../gateway/listen/ciphers.ts'
import { refuseContradictions } from '../../registry/storage/s3/contradictions.ts'
import { mirrorsFrom } from '../mirrors.ts'
import { refuseRedis } from '../redis.ts'
import { rulesFrom } from '../rules.ts'

/** The commands that serve, each with other parts of kura. */
export type Command = 'serve' | 'gateway' | 'worker'

type Part = { of: Command[]; refuse: (config: Config) => unknown }

const everywhere: Command[] = ['serve', 'gateway', 'worker']
const registries: Command[] = ['serve', 'worker']
const gateways: Command[] = ['serve', 'gateway']

const parts: Part[] = [
  { of: registries, refuse: rulesFrom },
  {
    of: registries,
    refuse: ({ storage }) => storage.s3 && refuseContradictions(storage.s3, () => {}),
  },
  { of: everywhere, refuse: ({ redis }) => redis && refuseRedis(redis) },
  { of: everywhere, refuse: mirrorsFrom },
  { of: gateways, refuse: refuseRedirect },
  { of: gateways, refuse: ({ http: { tls } }) => tls && cipherList(tls.ciphersuites) },
  {
    of: gateways,
    refuse: ({ http: { tls } }) => tls?.letsencrypt?.cachefile && parseHosts(tls.letsencrypt.hosts),
  },
  { of: gateways, refuse: refuseNoCertificate },
  { of: gateways, refuse: ({ auth }) => auth?.token && refuseTokenServer(auth.token) },
  {
    of: gateways,
    refuse: ({ auth, kura }) => auth?.htpasswd && kura.tokens.trust.forEach(refuseIssuer),
  },
]

function refuseNoCertificate({ http: { tls } }: Pick<Config, 'http'>): void {
  if (!tls || (tls.certificate && tls.key) || tls.letsencrypt?.cachefile) return
  throw new Error('http.tls: set certificate and key, or letsencrypt.cachefile and its hosts')
}

function refuseRedirect({ http, kura }: Pick<Config, 'http' | 'kura'>): void {
  if (!kura.redirect || http.tls) return
  throw new Error('kura.redirect sends clients to HTTPS: set http.tls too, or leave it out')
}

type TokenServer = NonNullable<NonNullable<Config['auth']>['token']>

function refuseTokenServer({ signingalgorithms, rootcertbundle, jwks }: TokenServer): void {
  allowedAlgorithms(signingalgorithms)
  if (rootcertbundle || jwks) return
  throw new Error('auth.token: set rootcertbundle or jwks to a file with keys')
}

type Issuer = Config['kura']['tokens']['trust'][number]

function refuseIssuer({ issuer, prefix, jwks, jwksurl }: Issuer): void {
  refusePrefix({ issuer, prefix })
  if (jwksurl) refuseUnsafeUrl(jwksurl)
  if (jwks || jwksurl) return
  throw new Error(`kura.tokens.trust: set jwks or jwksurl to the keys of ${issuer}`)
}

export function refusalsOf(config: Config, command: Command): string[] {
  return parts
    .filter(({ of }) => of.includes(command))
    .flatMap(({ refuse }) => {
      try {
        refuse(config)
        return []
      } catch (error) {
        return [error instanceof Error ? error.message : String(error)]
      }
    })
}
