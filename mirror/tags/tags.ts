/**
 * Tags of an upstream. It is asked for one with HEAD, by one process, and not again before the answer is too old;
 * the digest of a tag that is here outlives every failure of the upstream.
 */
import type { Tags } from '../../registry/content/tags/tags.ts'
import type { Leases } from '../../registry/leases/lease.ts'
import type { Digest } from '../../registry/protocol/digest.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { Tag } from '../../registry/protocol/name.ts'
import { UpstreamError } from '../../upstream/error.ts'
import type { MirroredManifests } from '../manifests.ts'
import { createOnce } from '../once.ts'
import type { Source } from '../source.ts'
import type { AskedTimes } from './asked.ts'

type Parts = {
  tags: Tags
  manifests: MirroredManifests
  asked: AskedTimes
  leases: Leases
  signal: AbortSignal
  report: (fields: object, message: string) => void
}
type Tagged = { tag: Tag; current: Digest | undefined }
type Place = { repository: string; source: Source; ttlMs: number }
/** `failure` is why the tag may not be as the upstream has it. */
export type Refreshed = { failure: string | undefined; isNew: boolean }

const lastKnownSent = 'the upstream failed, so the last known answer is sent'
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

export type MirroredTags = ReturnType<typeof createMirroredTags>

/** How long a client waits for the upstream where there is an answer already. */
const patienceMs = 10_000

export function createMirroredTags({ tags, manifests, asked, leases, signal, report }: Parts) {
  const once = createOnce<string | undefined>()
  return { refresh }

  /**
   * Sees to it that the tag is here as the upstream has it, if the upstream has it; `isNew` where the upstream was
   * asked for it just now. Throws `UpstreamError` where nothing is here.
   */
  async function refresh(place: Place, tag: Tag): Promise<Refreshed> {
    const { repository, ttlMs } = place
    const known = await asked.find({ repository, tag }, ttlMs)
    if (known) return { failure: known.failure, isNew: false }
    const failure = await once(`${repository}:${tag}`, () => askInTurn(place, tag))
    return { failure, isNew: true }
  }

  async function askInTurn(place: Place, tag: Tag): Promise<string | undefined> {
    const { repository, ttlMs, source } = place
    const named = { repository, tag }
    const current = await tags.find(repository, tag)
    const isHere = current !== undefined
    try {
      return await leases.hold(`mirror tag ${repository} ${tag}`, 'unavailable', async () => {
        const known = await asked.find(named, ttlMs)
        if (known) return known.failure
        const { isThere, failure } = await ask(place, { tag, current })
        // A tag that is nowhere may be pushed in the next moment.
        if (isHere || isThere) await asked.write(named, failure)
        return failure
      })
    } catch (error) {
      if (!isHere) throw error
      // Another process asks, or there is no room on the disk to say that this one did.
      const isBusy = error instanceof RegistryError && error.reason === 'unavailable'
      const reason = isBusy ? 'it has not answered yet' : messageOf(error)
      report({ ...named, reason }, lastKnownSent)
      return `${source.upstream.name}: ${reason}`
    }
  }

  async function ask(place: Place, tagged: Tagged) {
    const { tag } = tagged
    const isHere = tagged.current !== undefined
    try {
      const isThere = await follow(place, tagged)
      const gone = `${place.source.upstream.name}: it has no such tag any more`
      return { isThere, failure: isThere || !isHere ? undefined : gone }
    } catch (error) {
      if (!isHere || !isFailure(error)) throw error
      const fields = { repository: place.repository, tag, reason: error.message }
      report(fields, lastKnownSent)
      return { isThere: false, failure: error.message }
    }
  }

  async function follow({ repository, source }: Place, tagged: Tagged): Promise<boolean> {
    const { upstream, remote, via } = source
    const { tag, current } = tagged
    const limit = current ? AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]) : signal
    const head = await upstream.manifests.find(remote, tag, { signal: limit, via })
    if (!head) return false
    const { digest } = head
    if (await manifests.point(repository, tagged, digest)) return true
    const isFetched = await manifests.fetch({ repository, source }, digest)
    return isFetched && manifests.point(repository, tagged, digest)
  }
}

/** Of the upstream, or of the patience with it. */
const isFailure = (error: unknown): error is Error =>
  error instanceof UpstreamError || (error instanceof DOMException && error.name === 'TimeoutError')
