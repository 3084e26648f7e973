/**
 * The endpoints of the specification, and the one place where a path is taken apart. The gateway and
 * the registry both read it, so they can never disagree about the repository a request is about.
 */
import { RegistryError } from './errors.ts'
import { parseAnyRepository } from './name.ts'

export type Kind =
  | 'base'
  | 'catalog'
  | 'tags'
  | 'referrers'
  | 'uploads'
  | 'upload'
  | 'blob'
  | 'manifest'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
type Action = 'pull' | 'push' | 'delete' | 'list' | 'ping'

/** The target of a request. `repository` and `reference` are empty where an endpoint has none. */
export type Target = { kind: Kind; action: Action; repository: string; reference: string }

const read = { GET: 'pull', HEAD: 'pull' } as const
const push = { GET: 'push', HEAD: 'push', PATCH: 'push', PUT: 'push', DELETE: 'push' } as const

type Row = [kind: Kind, path: RegExp, needs: Record<string, Action>]

/*
 * `.+` is greedy, so a path is read from its end: a repository may be called a/manifests/b. Rows
 * are tried in order: `blobs/uploads` is the place where uploads start, never a blob.
 */
const endpoints: Row[] = [
  ['base', /^\/v2\/$/, { GET: 'ping', HEAD: 'ping' }],
  ['catalog', /^\/v2\/_catalog$/, { GET: 'list' }],
  ['manifest', /^\/v2\/(.+)\/manifests\/([^/]+)$/, { ...read, PUT: 'push', DELETE: 'delete' }],
  ['uploads', /^\/v2\/(.+)\/blobs\/uploads\/?$/, { POST: 'push' }],
  ['upload', /^\/v2\/(.+)\/blobs\/uploads\/([a-zA-Z0-9_.=-]+)$/, push],
  ['blob', /^\/v2\/(.+)\/blobs\/([^/]+)$/, { ...read, DELETE: 'delete' }],
  ['tags', /^\/v2\/(.+)\/tags\/list$/, { GET: 'pull' }],
  ['referrers', /^\/v2\/(.+)\/referrers\/([^/]+)$/, { GET: 'pull' }],
]

/** How a slash stands in a path that is decoded: it has no other escape, nor a percent sign. */
const escapedSlash = '%2F'

/**
 * Reads method and path. `allow` lists the methods of the endpoint; for OPTIONS there is no target.
 * `path` is the one spelling that all later readers read alike.
 * Throws `noSuchEndpoint`, `wrongMethod`, `badName` or `badPath`.
 */
export function parseTarget(
  method: string,
  rawPath: string,
): { target?: Target; allow: string; path: string } {
  const plain = plainPath(rawPath)
  const { kind, needs, name, reference } = findEndpoint(plain)
  if (reference.includes(escapedSlash)) throw badPath(rawPath)

  const allow = Object.keys(needs).sort().join(', ')
  const repository = name === undefined ? '' : parseAnyRepository(unescaped(name))
  const path = unescaped(plain.slice(0, plain.length - reference.length)) + written(reference)
  if (method === 'OPTIONS') return { allow, path }

  const action = Object.hasOwn(needs, method) ? needs[method] : undefined
  if (action) return { target: { kind, action, repository, reference }, allow, path }
  throw new RegistryError('wrongMethod', { detail: { method, allow }, headers: { Allow: allow } })
}

function findEndpoint(plain: string) {
  for (const [kind, pattern, needs] of endpoints) {
    const found = pattern.exec(plain)
    if (found) return { kind, needs, name: found[1], reference: found[2] ?? '' }
  }
  if (plain.includes(escapedSlash)) throw badPath(plain)
  throw new RegistryError('noSuchEndpoint', { detail: { path: plain.slice(0, 200) } })
}

/**
 * A path that means what it says. Escapes that stand for ordinary characters are decoded, as some
 * clients write a digest `sha256%3A…`; those that could make two readers see two paths are refused. An
 * escaped slash stays as it is: endpoints are told apart by plain ones, and only a name may have others.
 */
function plainPath(raw: string): string {
  const path = raw.includes('%') ? decode(raw) : raw
  if (/[\\\0-\x20\x7f]|\/\/|(?:\/|%2F)\.{1,2}(?:\/|%2F|$)/.test(path)) throw badPath(raw)
  return path
}

function decode(raw: string): string {
  // An escaped backslash, dot, percent sign or control character has no honest use here.
  if (/%(?:2[e5]|5c|[01][0-9a-f]|7f)/i.test(raw)) throw badPath(raw)
  try {
    return raw.split(/%2f/i).map(decodeURIComponent).join(escapedSlash)
  } catch (cause) {
    throw badPath(raw, cause)
  }
}

const unescaped = (name: string) => name.replaceAll(escapedSlash, '/')

const written = (reference: string) =>
  encodeURI(reference.toWellFormed()).replace(/[?#]/g, encodeURIComponent)

function badPath(path: string, cause?: unknown): RegistryError {
  return new RegistryError('badPath', { detail: { path: path.slice(0, 200) }, cause })
}
