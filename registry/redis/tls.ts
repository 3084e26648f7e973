/**
 * The check of a server's certificate. Sentinels and clusters announce servers by address unless they are
 * told otherwise, and certificates rarely name addresses: such a server may also show a certificate
 * for one of the hosts that the configuration names.
 */
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { kindOf, type RedisOptions } from './options.ts'

/** Asked only about certificates that come from a trusted authority. */
export function identityCheck(options: RedisOptions) {
  const named = options.addresses.map(({ host }) => host).filter((host) => !isIP(host))
  const isAnnounced = kindOf(options) !== 'server'
  return (host: string, certificate: PeerCertificate): Error | undefined => {
    const wrong = checkServerIdentity(host, certificate)
    const others = isAnnounced && isIP(host) ? named : []
    return others.some((name) => !checkServerIdentity(name, certificate)) ? undefined : wrong
  }
}

/** The TLS options of a socket, or undefined without TLS. */
export function tlsSettings(options: RedisOptions) {
  return options.tls && { ...options.tls, checkServerIdentity: identityCheck(options) }
}
