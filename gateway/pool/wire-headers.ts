/** The headers between gateway and worker: which of a client's go through, and those of our own. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Pushed } from '../../registry/protocol/call.ts'
import { type Digest, isDigest } from '../../registry/protocol/digest.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { ByteRange } from '../../registry/protocol/range.ts'

/** None of these is ever taken from a client, or shown to one. */
export const internalHeaders = {
  /** To a worker: the user and the origin, signed. */
  identity: 'kura-identity',
  /** From a worker: a blob to be sent in place of a body. */
  blob: 'kura-blob',
  /** From a worker: what the manifest names that it stored. */
  pushed: 'kura-pushed',
  /** From a worker that is about to stop. */
  leaving: 'kura-leaving',
  /** From a worker that does not believe its gateway asked. */
  unsigned: 'kura-unsigned',
} as const

/** The headers that a registry reads. The rest, passwords and tokens with it, ends at the gateway. */
const passed = [
  'accept',
  'content-length',
  'content-range',
  'content-type',
  'expect',
  'if-match',
  'if-none-match',
  'if-range',
  'range',
  'transfer-encoding',
  'user-agent',
  'via',
] as const

export function headersFor(
  client: IncomingHttpHeaders,
  identity: string,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { host: 'worker' }
  for (const name of passed) {
    const value = client[name]
    if (value !== undefined) headers[name] = value
  }
  headers[internalHeaders.identity] = identity
  return headers
}

export type NamedBlob = { digest: Digest; range: ByteRange }

export function nameBlob({ digest, range }: NamedBlob): string {
  return `${digest} ${range.first} ${range.last}`
}

/** Throws for what no worker of ours would say. */
export function parseNamedBlob(header: string): NamedBlob {
  const [digest = '', first, last] = header.split(' ')
  const range = { first: Number(first), last: Number(last) }
  if (isDigest(digest) && range.first >= 0 && range.last >= range.first) return { digest, range }
  throw new RegistryError('failed', { cause: new Error(`a worker named a blob as ${header}`) })
}

export function namePushed(pushed: Pushed): string {
  return Object.entries(pushed)
    .map(([what, count]) => `${what}=${count}`)
    .join(' ')
}

/** Undefined where the worker named nothing, as one of another version may. */
export function parsePushed(header: string | string[] | undefined): Pushed | undefined {
  const found = String(header ?? '').matchAll(/\b(images|platforms|layers|bytes)=(\d+)\b/g)
  const counts = [...found].map(([, what, count]) => [what, Number(count)])
  return counts.length > 0 ? Object.fromEntries(counts) : undefined
}
