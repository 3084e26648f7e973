/**
 * What a manifest refers to must be here before it is: config, layers, and the children of an index.
 * `subject` may come later ("Pushing Manifests with Subject"), foreign layers may lie elsewhere.
 */
import { RegistryError } from '../spec/errors.ts'
import type { Descriptor, Manifest } from '../spec/manifest.ts'
import { isForeignLayer } from '../spec/media-types.ts'
import type { Call } from '../storage/driver.ts'
import { atOnce } from './at-once.ts'
import type { Blobs } from './blobs.ts'
import type { Manifests } from './manifests.ts'

export type ReferenceRules = {
  /** No check at all. */
  disabled: boolean
  /** Whether the URL of a foreign layer may be pushed. */
  allowsUrl: (url: string) => boolean
  /** Whether this child of an index must be here; the others make it sparse. */
  needsChild: (platform: { os: string; architecture: string } | undefined) => boolean
}

export type References = ReturnType<typeof createReferences>

type Parts = { blobs: Blobs; manifests: Manifests; rules: ReferenceRules }

export function createReferences({ blobs, manifests, rules }: Parts) {
  return { check }

  /** Throws `manifestBlobUnknown` with one entry for each digest that is missing, or `manifestInvalid`. */
  async function check(repository: string, manifest: Manifest, call?: Call): Promise<void> {
    if (rules.disabled) return
    const { config, layers } = manifest
    const content = config ? [config, ...layers] : layers
    for (const descriptor of content) checkUrls(descriptor)

    const needed = content.filter((it) => !liesElsewhere(it))
    const children = manifest.manifests.filter((it) => rules.needsChild(it.platform ?? undefined))
    const found = await Promise.all([
      without(needed, (it) => blobs.find(repository, it.digest, call)),
      without(children, (it) => findChild(repository, it, call)),
    ])
    const missing = found.flat()
    if (missing.length === 0) return
    const details = [...new Set(missing.map((it) => it.digest))]
    throw new RegistryError('manifestBlobUnknown', { details })
  }

  /** Build caches are indexes whose children are layers, so a blob will do as well. */
  async function findChild(repository: string, { digest }: Descriptor, call?: Call) {
    return (await manifests.find(repository, digest, call)) ?? blobs.find(repository, digest, call)
  }

  function checkUrls({ urls = [], digest }: Descriptor): void {
    const refused = urls.find((url) => !isWebUrl(url) || !rules.allowsUrl(url))
    if (refused === undefined) return
    const allowed = 'http or https without a fragment, as validation.manifests.urls permits'
    throw new RegistryError('manifestInvalid', {
      detail: { digest, url: refused.slice(0, 500), allowed },
    })
  }
}

function liesElsewhere({ mediaType, urls }: Descriptor): boolean {
  return isForeignLayer(mediaType) && urls !== undefined && urls.length > 0
}

function isWebUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return (url?.protocol === 'http:' || url?.protocol === 'https:') && url.hash === ''
}

/** Those for which `find` finds nothing. */
async function without<T>(items: T[], find: (item: T) => Promise<unknown>): Promise<T[]> {
  const missing: T[] = []
  for await (const [item, found] of atOnce(items, find)) if (!found) missing.push(item)
  return missing
}
