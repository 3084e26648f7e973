/**
 * Turns away docker before 1.6 and its library of that time, which speak a protocol of which kura has
 * nothing; the answer is what makes them say so.
 */
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { Middleware } from '../context.ts'

const docker = /^docker\/(\d+)(?:\.(\d+))?/
/** `Go 1.1 package http`: what Go's library called itself before it was `Go-http-client`. */
const oldLibrary = /^Go /

export const refuseOldDocker: Middleware = (ctx, next) => {
  const agent = ctx.get('User-Agent')
  if (!isOldDocker(agent) && !oldLibrary.test(agent)) return next()
  throw new RegistryError('clientTooOld')
}

function isOldDocker(agent: string): boolean {
  const version = docker.exec(agent)
  if (!version) return false
  const [major, minor] = [Number(version[1]), Number(version[2] ?? 0)]
  return major < 1 || (major === 1 && minor < 6)
}
