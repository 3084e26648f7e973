/** How people write where an image is: as docker, skopeo, crane and oras do. */
import { isDigest } from '../../registry/protocol/digest.ts'
import { isRepository, isTag } from '../../registry/protocol/name.ts'
import { hostToAsk, isHub, repositoryAt } from '../../upstream/hub.ts'

export type Spelled =
  | { kind: 'registry'; url: URL; host: string; repository: string; reference: string | undefined }
  | { kind: 'layout'; path: string; reference: string | undefined }
  | { kind: 'archive'; path: string; reference: string | undefined }

const allowed =
  'it is written as host/name:tag, host/name@sha256:…, oci:FOLDER:tag or oci-archive:FILE:tag'

/** `plainHttp` says it for a host that is not written with a scheme. */
export function parsePlace(text: string, { plainHttp = false } = {}): Spelled {
  const [, kind, path, reference] = /^(oci|oci-archive):(.+?)(?::([^:/]+))?$/.exec(text) ?? []
  if (kind !== undefined && path !== undefined) {
    if (reference !== undefined && !isTag(reference)) throw wrong(text, `${reference} is no tag`)
    return { kind: kind === 'oci' ? 'layout' : 'archive', path, reference }
  }
  return parseImage(text, plainHttp)
}

function parseImage(text: string, plainHttp: boolean): Spelled {
  const [, scheme, rest = ''] = /^(?:(docker|https?):\/\/)?(.*)$/.exec(text) ?? []
  const { path, reference } = splitReference(text, rest)
  const { host, name } = splitHost(path)
  const repository = repositoryAt(host, name)
  if (!isRepository(repository)) throw wrong(text, `${JSON.stringify(name)} is no repository`)
  const isPlain = scheme === 'http' || (scheme !== 'https' && (plainHttp || isLoopback(host)))
  const address = `${isPlain ? 'http' : 'https'}://${hostToAsk(host)}`
  if (!URL.canParse(address)) throw wrong(text, `${host} is no host`)
  return { kind: 'registry', url: new URL(address), host, repository, reference }
}

/** A digest says more than a tag beside it. */
function splitReference(text: string, rest: string) {
  const [named = '', digest, ...more] = rest.split('@')
  if (more.length > 0 || (digest !== undefined && !isDigest(digest))) {
    throw wrong(text, 'what is behind @ is no digest')
  }
  const tag = /:([^:/]*)$/.exec(named)?.[1]
  if (tag === undefined) return { path: named, reference: digest }
  if (!isTag(tag)) throw wrong(text, `${JSON.stringify(tag)} is no tag`)
  return { path: named.slice(0, -tag.length - 1), reference: digest ?? tag }
}

/** As docker tells them apart: the first part is a host if it has a dot or a port, or is localhost. */
function splitHost(path: string): { host: string; name: string } {
  const at = path.indexOf('/')
  const first = path.slice(0, Math.max(at, 0))
  if (!/[.:]/.test(first) && first !== 'localhost') return { host: 'docker.io', name: path }
  return { host: isHub(first) ? 'docker.io' : first, name: path.slice(at + 1) }
}

/** Registries on the machine itself are mostly without TLS; `https://` says that one is not. */
const isLoopback = (host: string) => /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/.test(host)

function wrong(text: string, why: string): Error {
  return new Error(`${JSON.stringify(text)} is no place for an image: ${why}; ${allowed}`)
}
