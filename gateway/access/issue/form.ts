/** Reads the form that a client posts for a token: of that type only, and not without end. */
import type { IncomingMessage } from 'node:http'
import { GrantRefused } from './grant-refused.ts'

type Options = {
  mostBytes: number
  /** How long the client may take to send it. */
  withinMs: number
  signal: AbortSignal
}

const formType = /^application\/x-www-form-urlencoded\s*(?:;|$)/i

/** Throws `GrantRefused`; the rest of the body is then still unread. */
export async function readForm(
  request: IncomingMessage,
  { mostBytes, withinMs, signal }: Options,
): Promise<URLSearchParams> {
  if (!formType.test(request.headers['content-type'] ?? '')) throw new GrantRefused('form')
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) throw new GrantRefused('tooLong')

  const { promise, resolve, reject } = Promise.withResolvers<URLSearchParams>()
  const chunks: Uint8Array[] = []
  let length = 0
  const take = (chunk: Uint8Array) => {
    length += chunk.length
    if (length > mostBytes) return reject(new GrantRefused('tooLong'))
    chunks.push(chunk)
  }
  const end = () => resolve(new URLSearchParams(Buffer.concat(chunks).toString('utf8')))
  const leave = () => reject(new GrantRefused('incomplete'))
  const timer = setTimeout(() => reject(new GrantRefused('slow')), withinMs)
  request.on('data', take).once('end', end).once('close', leave)
  signal.addEventListener('abort', leave, { once: true })
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', leave)
    request.off('data', take).off('end', end).off('close', leave)
  }
}

/** RFC 6749 lets no parameter stand twice, so that no two readers pick another one. */
export function single(form: URLSearchParams, name: string): string {
  const [value, another] = form.getAll(name)
  if (value !== undefined && another === undefined) return value
  throw new GrantRefused('parameter')
}
