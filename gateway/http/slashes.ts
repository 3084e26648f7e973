/**
 * Slashes too many, and the one that `/v2` lacks: a GET or HEAD is sent to the path that was meant, where
 * that is an endpoint. Nobody is sent there with a body, and never to another host.
 */
import { parseTarget } from '../../registry/protocol/endpoints.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import { type LocationRules, writeLocation } from '../../registry/protocol/location.ts'
import type { GatewayContext } from '../context.ts'

/** Answers whether it has answered. */
export type Redirect = (ctx: GatewayContext) => boolean

export function createSlashRedirect(rules: LocationRules): Redirect {
  return (ctx) => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return false
    const path = findMeant(ctx.path, rules.prefix)
    if (path === undefined) return false
    ctx.body = null
    ctx.status = 301
    const Location = writeLocation(rules, path + ctx.search, ctx.state.origin)
    ctx.set({ Location, 'Content-Length': '0' })
    return true
  }
}

/** Below the prefix; undefined when there is none, or when it is `path` itself. */
function findMeant(path: string, prefix: string): string | undefined {
  if (!/\/\/|\/$|\/v2$/.test(path)) return undefined
  const collapsed = path.replace(/\/{2,}/g, '/')
  if (!collapsed.startsWith(prefix)) return undefined
  const below = collapsed.slice(prefix.length - 1)
  if (collapsed === path && pathOfEndpoint(below)) return undefined
  const likely = [below, below.replace(/\/$/, ''), `${below}/`]
  return likely.map(pathOfEndpoint).find((it) => it !== undefined)
}

function pathOfEndpoint(path: string): string | undefined {
  try {
    return parseTarget('OPTIONS', path).path
  } catch (error) {
    if (error instanceof RegistryError) return undefined
    throw error
  }
}
