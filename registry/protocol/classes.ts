/** Classes of content, by the type of an image's config: `policy.repository.classes` of registry:2. */
import { RegistryError } from './errors.ts'
import type { Manifest } from './manifest.ts'

const classes: Record<string, string> = {
  'application/vnd.docker.container.image.v1+json': 'image',
  'application/vnd.oci.image.config.v1+json': 'image',
  'application/vnd.docker.plugin.v1+json': 'plugin',
}

/** With no class listed everything may be pushed. An index has no class; its images were checked. */
export function createClassCheck(allowed: readonly string[]) {
  return ({ config }: Manifest): void => {
    if (allowed.length === 0 || !config) return
    const found = Object.hasOwn(classes, config.mediaType) ? classes[config.mediaType] : undefined
    if (found && allowed.includes(found)) return
    throw new RegistryError('denied', { detail: { found: found ?? config.mediaType, allowed } })
  }
}
