/**
 * Repositories that mirror those of other registries: a client may mean one by its own name and `?ns=`. From here
 * on the request has the name under which the content is kept, so that policies, tokens and the log know only
 * that one.
 */
import { RegistryError } from '../../registry/protocol/errors.ts'
import { parseAnyRepository } from '../../registry/protocol/name.ts'
import type { GatewayContext, Middleware } from '../context.ts'

/** The name here; undefined where it cannot be here. */
type Found = { repository: string | undefined }

export type MirroredNames = {
  /** Undefined for a local repository. */
  find(name: string): Found | undefined
  /** A repository of the registry that is called so; undefined for an unknown registry. */
  findNamespace(namespace: string, name: string): Found | undefined
  /** Whether the `Via` of a request says that it came through this installation. */
  isOwn(via: string): boolean
  /** The host of `http.host`, which may be called by `?ns=` as well. */
  ownHost: string | undefined
}

export function readMirrored(names: MirroredNames): Middleware {
  return (ctx, next) => {
    const via = ctx.get('Via')
    if (via && names.isOwn(via)) throw new RegistryError('mirrorLoop')
    const { repository: name } = ctx.state.target
    if (name === '') return next()
    const namespace = new URLSearchParams(ctx.querystring).get('ns')
    if (namespace && !isOwn(ctx, namespace)) readNamespace(ctx, namespace)
    else readName(ctx, name)
    return next()
  }

  function readNamespace(ctx: GatewayContext, namespace: string): void {
    const { repository: name } = ctx.state.target
    const found = names.findNamespace(namespace, name)
    // The content of another registry is never the answer, also where all names are those of one mirror.
    if (!found) {
      throw new RegistryError('namespaceUnknown', { detail: { ns: namespace.slice(0, 255) } })
    }
    rename(ctx, hereOrNowhere(found, name))
    ctx.set('OCI-Namespace', namespace)
  }

  /** A token for the name that was asked for is one for the same repository; beside a namespace, for another one. */
  function readName(ctx: GatewayContext, name: string): void {
    const found = names.find(name)
    if (!found) return
    const here = hereOrNowhere(found, name)
    if (here === name) return
    ctx.state.asked = name
    rename(ctx, here)
  }

  function isOwn(ctx: GatewayContext, namespace: string): boolean {
    const host = namespace.toLowerCase()
    return host === names.ownHost || host === new URL(ctx.state.origin).host
  }
}

/** Throws `badName` as well: what is no name with its prefix is none by `?ns=`. */
function hereOrNowhere({ repository }: Found, asked: string): string {
  if (repository === undefined) throw new RegistryError('repositoryUnknown', { detail: asked })
  return parseAnyRepository(repository)
}

function rename(ctx: GatewayContext, repository: string): void {
  const { target } = ctx.state
  const start = '/v2/'
  const rest = ctx.path.slice(start.length + target.repository.length)
  ctx.path = start + repository + rest
  ctx.state.target = { ...target, repository }
}
