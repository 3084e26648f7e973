/**
 * The identity in a client certificate. The name is the CN of its subject or, without one, its first
 * subject alternative name (host, address, e-mail or URI); the groups are the O and OU of its subject.
 */
import type { TLSSocket } from 'node:tls'
import type { Identity } from '../../../registry/protocol/call.ts'

/** Answers the same for the whole life of a connection, and asks the certificate once. */
export function createClientCertificates() {
  const known = new WeakMap<TLSSocket, Known>()

  /** Undefined without a certificate, and for one that was not verified or whose time is over. */
  return (socket: TLSSocket): Identity | undefined => {
    const found = known.get(socket) ?? read(socket)
    known.set(socket, found)
    return found.expires > Date.now() ? found.identity : undefined
  }
}

type Known = { identity: Identity | undefined; expires: number }

const unknown: Known = { identity: undefined, expires: 0 }

function read(socket: TLSSocket): Known {
  const certificate = socket.authorized === true ? socket.getPeerX509Certificate() : undefined
  if (!certificate) return unknown

  const { subject, subjectaltname } = socket.getPeerCertificate()
  const name = namesOf(subject?.CN)[0] ?? firstAlternative(subjectaltname)
  if (name === undefined) return unknown
  const groups = [...new Set([...namesOf(subject?.O), ...namesOf(subject?.OU)])]
  return {
    identity: { name, groups, method: 'certificate' },
    expires: certificate.validToDate.getTime(),
  }
}

const longest = 255

/** A part of a subject may be there several times. A value with unprintable characters is no name. */
function namesOf(part: string | string[] | undefined): string[] {
  return [part ?? []].flat().filter(isName)
}

function isName(text: string): boolean {
  return text.length > 0 && text.length <= longest && !/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text)
}

/** `DNS:a, IP Address:10.0.0.1`. A value that has to be quoted in there is no name. */
function firstAlternative(text: string | undefined): string | undefined {
  const value = /^(?:DNS|IP Address|email|URI):([^",]+)(?:, |$)/.exec(text ?? '')?.[1]
  return value !== undefined && isName(value) ? value : undefined
}
