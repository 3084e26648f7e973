/** From what Node and undici throw to the kind of failure it is. */
import { type Kind, UpstreamError } from '../error.ts'

const kinds: Record<string, [kind: Kind, message: string]> = {
  ECONNREFUSED: ['refused', 'nothing listens there'],
  ENOTFOUND: ['refused', 'there is no host of this name'],
  EAI_AGAIN: ['refused', 'the name of the host cannot be looked up just now'],
  EHOSTUNREACH: ['refused', 'there is no way to the host'],
  ENETUNREACH: ['refused', 'there is no way to the network of the host'],
  ENETDOWN: ['refused', 'the network of this machine is down'],
  EHOSTDOWN: ['refused', 'the host is down'],
  EACCES: ['refused', 'this machine does not allow the connection'],
  EPERM: ['refused', 'this machine does not allow the connection'],
  EADDRNOTAVAIL: ['refused', 'this machine has no address or port left for the connection'],
  EMFILE: ['refused', 'this process has too many open files to make a connection'],
  ENFILE: ['refused', 'this machine has too many open files to make a connection'],
  EAI_FAIL: ['refused', 'the name of the host cannot be looked up'],
  EAI_NODATA: ['refused', 'there is no address for the name of the host'],
  ECONNABORTED: ['cut', 'the connection broke'],
  ECONNRESET: ['cut', 'it broke the connection'],
  EPIPE: ['cut', 'it broke the connection'],
  UND_ERR_SOCKET: ['cut', 'it broke the connection'],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ['cut', 'the answer is not as long as it says'],
  ETIMEDOUT: ['timeout', 'no connection came about in time'],
  UND_ERR_CONNECT_TIMEOUT: ['timeout', 'no connection came about in time'],
  UND_ERR_HEADERS_TIMEOUT: ['timeout', 'no answer came in time'],
  UND_ERR_BODY_TIMEOUT: ['timeout', 'the answer stopped half-way'],
  UND_ERR_HEADERS_OVERFLOW: ['large', 'the head of the answer is too large'],
  EPROTO: ['tls', 'it does not speak TLS there'],
}

/** Errors of certificates have many codes, with these words in them. */
const ofTls =
  /^(?:ERR_TLS_|ERR_SSL_|ERR_OSSL_)|CERT|SIGNATURE|SELF_SIGNED|CRL|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH/

/** `host` is the one that was asked: the registry's own, its token server's, or one to which it redirects. */
type Where = { upstream: string; host: string }

const failure = (kind: Kind, { upstream, host }: Where, text: string, cause?: unknown) =>
  new UpstreamError(kind, upstream, host === upstream ? text : `at ${host}: ${text}`, { cause })

export const tooLate = (where: Where) => failure('timeout', where, 'no answer came in time')

/** Whatever a request or its answer fails with; the source of a body has failures of its own: `transport.ts`. */
export function toUpstreamError(where: Where, cause: unknown): UpstreamError {
  if (cause instanceof UpstreamError) return cause
  const { name, code, message } = Object(cause) as {
    name?: string
    code?: unknown
    message?: string
  }
  if (name === 'HTTPParserError') return failure('fault', where, 'its answer is not HTTP', cause)
  const [kind, text] = kinds[String(code)] ?? []
  if (kind && text) return failure(kind, where, text, cause)
  if (ofTls.test(String(code))) return failure('tls', where, `TLS fails: ${message}`, cause)
  return failure('fault', where, `the request failed: ${message ?? cause}`, cause)
}
