/**
 * Which hosts are this server's over TLS, and where they are reached: those that the certificate in force
 * names, those that one is got for, and that of `http.host`, which alone knows of a port of its own.
 */
import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { type Host, plainName } from '../guard/host.ts'

type Options = {
  /** The port of the TLS listener. */
  port: number
  /** `http.host`. */
  host?: string | undefined
  /** The hosts that an authority such as Let's Encrypt is asked for. */
  named?: readonly string[]
  /** Asked each time, as it may be replaced. */
  certificate: () => X509Certificate
}

export function createSecureHosts({ port, host, named = [], certificate }: Options) {
  const configured = host === undefined ? undefined : new URL(host)
  const names = new Set(named.map(plainName))

  return (asked: string): Host | undefined => {
    const name = plainName(asked)
    if (configured && plainName(configured.hostname) === name) {
      return { name: asked, port: standard(portOf(configured) ?? port) }
    }
    const isOurs = names.has(name) || isNamedBy(certificate(), name)
    return isOurs ? { name: asked, port: standard(port) } : undefined
  }
}

const standard = (port: number) => (port === 443 ? undefined : port)

/** Of an URL without TLS, the port says nothing of where TLS is. */
function portOf({ protocol, port }: URL): number | undefined {
  if (protocol !== 'https:') return undefined
  return port === '' ? 443 : Number(port)
}

function isNamedBy(certificate: X509Certificate, name: string): boolean {
  const found = isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)
  return found !== undefined
}
