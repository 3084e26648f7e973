/**
 * Repositories that mirror those of other registries: a client may mean one by its own name and `?ns=`. From here
 * on the request has the name under which the content is kept, so that policies, tokens and the log know only
 * that one.
 */
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { GatewayContext, Middleware } from '../context.ts'

export type MirroredNames = {
  /** The name here; undefined for a local repository. */
  find(name: string): { repository: string } | undefined
  /** The name here of a repository of the registry that is called so; undefined for an unknown registry. */
  findNamespace(namespace: string, name: string): { repository: string } | undefined
  /** Whether an unknown registry is refused. */
  isClosed(): boolean
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
    if (found) {
      ctx.set('OCI-Namespace', namespace)
      rename(ctx, found.repository)
    } else if (names.isClosed()) {
      throw new RegistryError('namespaceUnknown', { detail: { ns: namespace.slice(0, 255) } })
    } else readName(ctx, name)
  }

  /** A token for the name that was asked for is one for the same repository; beside a namespace, for another one. */
  function readName(ctx: GatewayContext, name: string): void {
    const here = names.find(name)?.repository
    if (here === undefined || here === name) return
    ctx.state.asked = name
    rename(ctx, here)
  }

  function isOwn(ctx: GatewayContext, namespace: string): boolean {
    return namespace === names.ownHost || namespace === new URL(ctx.state.origin).host
  }
}

function rename(ctx: GatewayContext, repository: string): void {
  const { target } = ctx.state
  const start = '/v2/'
  const rest = ctx.path.slice(start.length + target.repository.length)
  ctx.path = start + repository + rest
  ctx.state.target = { ...target, repository }
}
