/**
 * The parts of a manifest must be here before it is: config, layers, and the children of an index.
 * `subject` may come later ("Pushing Manifests with Subject"), foreign layers may lie elsewhere.
 */
import { fewAtOnce } from '../../pace/few-at-once.ts'
import { createTurns } from '../../pace/in-turn.ts'
import type { Digest } from '../../protocol/digest.ts'
import { RegistryError } from '../../protocol/errors.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import type { Descriptor } from '../../protocol/manifest-fields.ts'
import { isForeignLayer } from '../../protocol/media-types.ts'
import type { Call } from '../../storage/driver.ts'
import type { Blobs } from '../blobs.ts'
import type { Manifests } from './manifests.ts'

export type ReferenceRules = {
  /** No check at all. */
  disabled: boolean
  /** Whether the URL of a layer may be pushed; undefined where nobody said anything of URLs. */
  allowsUrl: ((url: string) => boolean) | undefined
  /** Whether this child of an index must be here; the others make it sparse. */
  needsChild: (platform: { os: string; architecture: string } | undefined) => boolean
}

/** An answer names this many missing digests at most. */
const mostMissing = 100

export type References = ReturnType<typeof createReferences>

type Parts = { blobs: Blobs; manifests: Manifests; rules: ReferenceRules }

export function createReferences({ blobs, manifests, rules }: Parts) {
  return { check }

  /** Throws `manifestBlobUnknown` with the first digests that are missing, or `manifestInvalid`. */
  async function check(repository: string, manifest: Manifest, call?: Call): Promise<void> {
    if (rules.disabled) return
    const { config, layers } = manifest
    const content = config ? [config, ...layers] : layers
    for (const descriptor of content) checkUrls(descriptor)

    const needed = [...(config ? [config] : []), ...layers.filter((it) => !liesElsewhere(it))]
    const children = manifest.manifests.filter((it) => rules.needsChild(it.platform))
    const found = await Promise.all([
      without(needed, (it) => blobs.find(repository, it.digest, call)),
      withoutChild(repository, children, call),
    ])
    const missing = found.flat().slice(0, mostMissing)
    if (missing.length === 0) return
    throw new RegistryError('manifestBlobUnknown', { details: missing })
  }

  /**
   * Build caches are indexes whose children are layers, so a blob will do as well. Only a child that
   * is not of the size it should be is read, one after the other.
   */
  function withoutChild(repository: string, children: Descriptor[], call?: Call) {
    const inTurn = createTurns()
    return without(
      children,
      async (it) =>
        (await manifests.has(repository, it, call)) ||
        (await blobs.find(repository, it.digest, call)) ||
        (await inTurn(() => manifests.find(repository, it.digest, call))),
    )
  }

  function checkUrls({ urls, digest }: Descriptor): void {
    const { allowsUrl } = rules
    const refused = allowsUrl && urls.find((url) => !isWebUrl(url) || !allowsUrl(url))
    if (refused === undefined) return
    const allowed = 'http or https without a fragment, as validation.manifests.urls permits'
    throw new RegistryError('manifestInvalid', {
      detail: { digest, url: refused.slice(0, 500), allowed },
    })
  }
}

function liesElsewhere({ mediaType, urls }: Descriptor): boolean {
  return isForeignLayer(mediaType) && urls.length > 0
}

function isWebUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return (url?.protocol === 'http:' || url?.protocol === 'https:') && url.hash === ''
}

/** The first digests for which `find` finds nothing, each once; those behind them are not looked for. */
async function without(
  items: readonly Descriptor[],
  find: (item: Descriptor) => Promise<unknown>,
): Promise<Digest[]> {
  const each = new Map(items.map((it) => [it.digest, it]))
  const missing: Digest[] = []
  for await (const [{ digest }, found] of fewAtOnce([...each.values()], find)) {
    if (!found) missing.push(digest)
    if (missing.length === mostMissing) break
  }
  return missing
}
