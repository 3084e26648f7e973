/**
 * The configuration where there is none: this machine only, a folder beside the command, and
 * everything allowed that a first try needs, with TLS and one account. Variables are put over it.
 */
import { join } from 'node:path'
import type { z } from 'zod'
import { drivers } from './sections/drivers.ts'
import { childOf, shapeOf } from './shape.ts'
import { findAt, type Path, type Plain, type Tree } from './tree.ts'

/** The certificate and the account of a first try; both are made when they are missing. */
export type Protection = {
  /** The folder of the images, in which the others lie. */
  data: string
  /** The password file with the one account. */
  accounts: string
  /** The folder of the certificate and of the authority that signed it. */
  certificates: string
}

/**
 * A variable for one of these says how clients get in, or brings a folder that had a registry
 * before. Then nothing is added, and they find it as registry:2 would have served it.
 */
const decided: Path[] = [
  ['auth'],
  ['http', 'tls'],
  ['http', 'net'],
  ['storage', 'filesystem', 'rootdirectory'],
  ...Object.keys(drivers)
    .filter((name) => name !== 'filesystem')
    .map((name) => ['storage', name]),
]

/** `tree` is what the variables say. */
export function quickstart(
  folder: string,
  tree: Tree,
): { settings: Plain; protection?: Protection } {
  const data = join(folder, 'data')
  if (decided.some((path) => findAt(tree, path))) return { settings: settingsFor(data) }

  const protection = {
    data,
    accounts: join(data, 'kura/htpasswd'),
    certificates: join(data, 'kura/certificates'),
  }
  return { settings: settingsFor(data, protection), protection }
}

/**
 * Clients are asked for a password and not for a token: docker takes any certificate on `localhost`, but with
 * containerd's image store it fetches tokens from none that the system does not trust. Browsers are not told
 * to keep to a certificate that they have no reason to trust.
 */
function settingsFor(data: string, protection?: Protection): Plain {
  const { certificates = '', accounts = '' } = protection ?? {}
  const tls = {
    certificate: join(certificates, 'server.crt'),
    key: join(certificates, 'server.key'),
  }
  return {
    version: '0.1',
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: 'true' } },
    http: {
      addr: '127.0.0.1:5000',
      ...(protection && { tls, headers: { 'Strict-Transport-Security': [] } }),
    },
    ...(protection && { auth: { htpasswd: { realm: 'kura', path: accounts } } }),
  }
}

/** `tree` with what it leaves open taken from `base`; a driver it names replaces that of `base`. */
export function layOver(base: Tree, tree: Tree, schema: z.ZodType): Tree {
  if (base.kind !== 'section' || tree.kind !== 'section') return tree

  const { oneOf = [] } = shapeOf(schema)
  const decided = oneOf.some((name) => tree.entries.has(name))
  const entries = new Map(tree.entries)
  for (const [name, child] of base.entries) {
    const own = tree.entries.get(name)
    const field = childOf(schema, name)
    if (own && field) entries.set(name, layOver(child, own, field))
    if (!own && !(decided && oneOf.includes(name))) entries.set(name, child)
  }
  return { ...tree, entries }
}
