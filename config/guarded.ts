/**
 * The settings that keep people out, and the names that somebody may have meant them by. A key that
 * has such a name and is no setting stops the start: passed over, it would open the registry.
 */
import { isSlipOf } from '../documents/nearest.ts'
import type { Tree } from './tree.ts'

/** The possible harm to a registry that is without one of these. */
const effects: Readonly<Record<string, string>> = {
  auth: 'everyone might be let in',
  'http.tls': 'clients might be served without TLS',
  'kura.mirrors': 'what a mirror is to leave out might be fetched',
  'kura.policies': 'no policy might be asked',
  'kura.tokens': 'tokens might be good that should not be',
  policy: 'content of any class might be let in',
}

/** Names that say enough wherever they stand, and the setting each is meant for. */
const plain: Readonly<Record<string, string>> = {
  auth: 'auth',
  htpasswd: 'auth.htpasswd',
  tls: 'http.tls',
  policies: 'kura.policies',
}

/** Names that say enough at the top and in `http` or `kura`: there, slips of the first few count too. */
const typed: Readonly<Record<string, string>> = {
  ...plain,
  tokens: 'kura.tokens',
  certificate: 'http.tls.certificate',
  clientcas: 'http.tls.clientcas',
}
const meanings: Readonly<Record<string, string>> = {
  ...typed,
  authn: 'auth',
  authz: 'auth',
  authentication: 'auth',
  authorization: 'auth',
  basicauth: 'auth.htpasswd',
  htpassword: 'auth.htpasswd',
  ssl: 'http.tls',
  https: 'http.tls',
  clientauth: 'http.tls.clientauth',
  minimumtls: 'http.tls.minimumtls',
  ciphersuites: 'http.tls.ciphersuites',
  letsencrypt: 'http.tls.letsencrypt',
  policy: 'kura.policies',
  rules: 'kura.policies',
  acl: 'kura.policies',
}

/** Sections in which, and whose own names, one may be wrong about the place of such a setting. */
const surroundings = ['http', 'kura']

/** `root` is the guarded setting; `key` the setting that is probably meant, if one can be told. */
export type Guarded = { root: string; effect: string; key?: string }

/** Where `path` leads into a guarded setting: every unknown key there counts as one. */
function findInside(path: readonly string[]): Guarded | undefined {
  const root = rootOf(path.join('.'))
  return root === undefined ? undefined : { root, effect: effects[root] ?? '' }
}

const rootOf = (key: string) =>
  Object.keys(effects).find((root) => key === root || key.startsWith(`${root}.`))

function guard(key: string | undefined): Guarded | undefined {
  const root = key && rootOf(key)
  return root ? { root, effect: effects[root] ?? '', key } : undefined
}

/** As it would be compared: in small letters, without what stands between words. */
const bare = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '')

const find = (table: Readonly<Record<string, string>>, name: string) =>
  Object.hasOwn(table, name) ? table[name] : undefined

function meaningOf(written: string, isNear: boolean): string | undefined {
  const name = bare(written)
  if (!isNear) return find(plain, name)
  const slip = Object.keys(typed).find((it) => isSlipOf(name, it))
  return find(meanings, name) ?? (slip && typed[slip])
}

const isSurrounding = ([section]: readonly string[]) =>
  section === undefined || surroundings.includes(section)

export type GuardedKey = Guarded & { path: readonly string[]; place: string }

/** For a key of a file that is no setting: what is guarded there, or somewhere inside it. */
export function findGuardedKey(
  path: readonly string[],
  name: string,
  child: Tree,
): GuardedKey | undefined {
  const inside = findInside(path)
  const full = [...path, name]
  if (inside) return { ...inside, path: full, place: child.place }
  return findBelow(full, child, isSurrounding(path))
}

function findBelow(path: readonly string[], tree: Tree, isNear: boolean): GuardedKey | undefined {
  const name = path.at(-1) ?? ''
  // Where anchors are kept for other places, which use them by an alias.
  if (/^(?:x-|[._])/.test(name)) return undefined
  const found = guard(meaningOf(name, isNear))
  if (found) return { ...found, path, place: tree.place }

  const items = tree.kind === 'list' ? tree.items.entries() : []
  const children = tree.kind === 'section' ? tree.entries : items
  for (const [step, child] of children) {
    const below = findBelow([...path, `${step}`], child, isNear)
    if (below) return below
  }
  return undefined
}

/** The words behind these in variables that no other program has: `REGISTRY_TOKEN_REALM` is ours. */
const followers: Readonly<Record<string, RegExp>> = {
  token: /^(?:realm|service|issuer|rootcert|jwks|signing|autoredirect)/,
  auth: /^(?:none|silly|token|ht?pass?w(?:or)?d)$/,
  tls: /^(?:cert|key|client|minimum|cipher|letsencrypt)/,
}

/**
 * For a variable of which `path` is a setting and the `words` after it are none. The names of other
 * programs' variables are made of the same words, so more of them have to fit.
 */
export function findGuardedWords(
  path: readonly string[],
  words: readonly string[],
): Guarded | undefined {
  const inside = findInside(path)
  if (inside) return inside
  const isNear = isSurrounding(path)
  const [first = '', second = ''] = words.map(bare)
  const isLost = isNear && surroundings.some((it) => first === it || isSlipOf(first, it))
  return (
    findInARow(words.map(bare)) ??
    (isWhole(words) ? guard(meaningOf(first, isNear)) : undefined) ??
    (isNear ? guard(find(meanings, first + second)) : undefined) ??
    (isLost ? guard(meaningOf(second, true)) : undefined)
  )
}

/** A token alone is what a client signs in with. */
const isWhole = (words: readonly string[]) => words.length > 1 || bare(words[0] ?? '') !== 'token'

function findInARow(words: readonly string[]): Guarded | undefined {
  if (words.includes('htpasswd')) return guard('auth.htpasswd')
  const at = words.findIndex((word, index) => followers[word]?.test(words[index + 1] ?? ''))
  return guard(leads[words[at] ?? ''])
}

const leads: Readonly<Record<string, string>> = { ...plain, token: 'auth.token' }
