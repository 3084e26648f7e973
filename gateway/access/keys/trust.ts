/**
 * The keys that may have signed a token, each under every name it goes by, and the certificates that
 * may vouch for more: gathered from files, from a URL and from the built-in issuer.
 */
import { type KeyObject, X509Certificate } from 'node:crypto'
import { readAtMost } from '../../../files/bounded.ts'
import { editMs, watch } from '../../../files/watch.ts'
import { createJwksUrl, type JwksUrlOptions } from './jwks-url.ts'
import { idsOfCertificate } from './key-ids.ts'
import { parseJwks, type TrustedKey } from './key-set.ts'
import type { SigningKeys } from './signing-keys.ts'

export type Trust = {
  keys: readonly TrustedKey[]
  byId: ReadonlyMap<string, readonly TrustedKey[]>
  roots: readonly X509Certificate[]
}

export type TrustOptions = {
  /** A PEM file with certificates. */
  rootcertbundle?: string
  /** A file with a JSON Web Key Set. */
  jwks?: string
  jwksUrl?: Omit<JwksUrlOptions, 'report'>
  own?: SigningKeys
  checkMs?: number
  /** Hears of a file or a URL that could not be read, while the last good keys stand. */
  report: (error: unknown) => void
}

type Part = { keys: readonly TrustedKey[]; roots?: readonly X509Certificate[] }
type Source = { get(): Promise<Part>; check?(): Promise<unknown> }

export type TrustSource = Awaited<ReturnType<typeof openTrust>>

/** Rejects when a file cannot be read or when all of them together hold no key. */
export async function openTrust(options: TrustOptions) {
  const sources = sourcesFrom(options)
  let parts: Part[] = []
  let trust = combine(parts)

  /** The same object as long as nothing has changed, so that what hangs on it can be remembered. */
  async function load(): Promise<Trust> {
    const found = await Promise.all(sources.map((source) => source.get()))
    const isSame = found.length === parts.length && found.every((part, at) => part === parts[at])
    if (!isSame) {
      parts = found
      trust = combine(found)
    }
    return trust
  }

  const first = await load()
  if (first.keys.length === 0 && !options.jwksUrl) throw new Error('there is no key to trust')

  return {
    load,
    /** For a key that is not known: looks again wherever a new one may have come. */
    async reload(): Promise<Trust> {
      await Promise.all(sources.map((source) => source.check?.()))
      return load()
    },
  }
}

function sourcesFrom({ rootcertbundle, jwks, jwksUrl, own, report, checkMs = 1000 }: TrustOptions) {
  const sources: Source[] = []
  if (rootcertbundle !== undefined) {
    sources.push(fromFile(rootcertbundle, (text) => parseBundle(rootcertbundle, text)))
  }
  if (jwks !== undefined) {
    sources.push(fromFile(jwks, (text) => ({ keys: parseJwks(text, report) })))
  }
  if (jwksUrl) sources.push(createJwksUrl({ ...jwksUrl, report }))
  if (own) sources.push(ownSource(own))
  return sources

  function fromFile(path: string, parse: (text: string) => Part): Source {
    const look = async () => {
      const text = await textOf(path)
      return { mark: text, make: () => parse(text) }
    }
    return watch({ look, settleMs: editMs, checkMs, report })
  }
}

/** No set of keys or certificates is nearly as large. */
const mostBytes = 1024 * 1024

async function textOf(path: string): Promise<string> {
  const bytes = await readAtMost(path, mostBytes).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'EFBIG' ? new Error(`${path}: ${cause.message}`, { cause }) : cause
  })
  return bytes.toString()
}

function ownSource(own: SigningKeys): Source {
  let seen: unknown
  let part: Part = { keys: [] }
  return {
    async get() {
      const found = await own.verifying()
      if (found !== seen) {
        seen = found
        part = { keys: found.map(({ kid, key }) => ({ ids: [kid], key, algorithm: 'ES256' })) }
      }
      return part
    },
    check: () => own.refresh(),
  }
}

const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

function parseBundle(path: string, text: string): Part {
  const roots = (text.match(certificate) ?? []).map((pem) => new X509Certificate(pem))
  if (roots.length === 0) throw new Error(`${path} holds no certificate`)
  return { roots, keys: roots.map((it) => ({ ids: idsOfCertificate(it), key: it.publicKey })) }
}

/** A key that comes from two sources is one key with the names of both. */
function combine(parts: readonly Part[]): Trust {
  const byKey = new Map<string, TrustedKey>()
  for (const found of parts.flatMap(({ keys }) => keys)) {
    const same = `${spki(found.key)} ${found.algorithm ?? ''}`
    const ids = new Set([...(byKey.get(same)?.ids ?? []), ...found.ids])
    byKey.set(same, { ...found, ids: [...ids] })
  }
  const keys = [...byKey.values()]
  const pairs = keys.flatMap((key) => key.ids.map((id) => ({ id, key })))
  const byId = Map.groupBy(pairs, ({ id }) => id)
  return {
    keys,
    byId: new Map([...byId].map(([id, found]) => [id, found.map(({ key }) => key)])),
    roots: parts.flatMap(({ roots = [] }) => roots),
  }
}

const spki = (key: KeyObject) => key.export({ format: 'der', type: 'spki' }).toString('base64')
