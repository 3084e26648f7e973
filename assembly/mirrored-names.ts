/** How the gateway reads the names of mirrored repositories; nothing where the configuration has no mirrors. */
import type { Config } from '../config/schema.ts'
import { type MirroredNames, readMirrored } from '../gateway/http/mirrored.ts'
import { createRoutes } from '../mirror/routes.ts'
import { hasComeThrough } from '../upstream/via.ts'
import { mirrorsFrom } from './mirrors.ts'

export function mirroredNames(config: Config, installation: string) {
  const mirrors = mirrorsFrom(config).map(({ settings }) => settings)
  const routes = createRoutes(mirrors)
  const names: MirroredNames = {
    ...routes,
    isOwn: (via) => hasComeThrough(via, installation),
    ownHost: config.http.host && new URL(config.http.host).host,
  }
  return {
    middleware: mirrors.length > 0 ? [readMirrored(names)] : [],
    /** The name here of a repository, by whatever name a client asks for a token. */
    nameHere: (name: string) => routes.find(name)?.repository ?? name,
  }
}
