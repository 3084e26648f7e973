/** The protocol settings of `http.tls`, as the options of a TLS server. */
import type { SecureContextOptions, SecureVersion, TlsOptions } from 'node:tls'
import { type ClientAuth, handshakeOptions } from './certificates/client-auth.ts'
import { cipherList } from './ciphers.ts'

export type TlsSettings = {
  minimumtls: 'tls1.2' | 'tls1.3'
  ciphersuites?: readonly string[]
  clientauth: ClientAuth
  clientcas: readonly string[]
}

const versions: Record<TlsSettings['minimumtls'], SecureVersion> = {
  'tls1.2': 'TLSv1.2',
  'tls1.3': 'TLSv1.3',
}

/** A client that connects and never finishes its handshake is given up after this. */
const handshakeTimeout = 20_000

/** The options beside every certificate, also one that comes later. */
type ProtocolOptions = Pick<
  SecureContextOptions,
  'minVersion' | 'ciphers' | 'honorCipherOrder' | 'sessionIdContext'
>

export function protocolOptions({ minimumtls, ciphersuites }: TlsSettings): ProtocolOptions {
  return {
    minVersion: versions[minimumtls],
    ciphers: cipherList(ciphersuites),
    honorCipherOrder: true,
    sessionIdContext: 'kura',
  }
}

/** The options that a server keeps for good. HTTP/2 is not offered: large bodies are slower in it. */
export function serverOptions({ clientauth, clientcas }: TlsSettings): TlsOptions {
  return {
    ...handshakeOptions(clientauth, clientcas.length > 0),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout,
  }
}
