/** One question to an upstream for a tag, and what its answer or its failure means for the tag that is here. */
import type { Digest } from '../../registry/protocol/digest.ts'
import type { Tag } from '../../registry/protocol/name.ts'
import type { MirroredManifests } from '../manifests.ts'
import { isForAll, type Source } from '../source.ts'
import { type Patience, within } from './patience.ts'

type Parts = {
  manifests: MirroredManifests
  patience: Patience
  signal: AbortSignal
  report: (fields: object, message: string) => void
}
export type Place = { repository: string; source: Source; ttlMs: number }
type Tagged = { tag: Tag; current: Digest | undefined }
/** `isShared` where other clients would be answered the same. */
type Answer = { isThere: boolean; failure: string | undefined; isShared: boolean }

const lastKnownSent = 'the upstream failed, so the last known answer is sent'

export function createTagQuestions({ manifests, patience, signal, report }: Parts) {
  return { ask, sendLast }

  /** Throws where nothing is here and the upstream fails. */
  async function ask(place: Place, tagged: Tagged): Promise<Answer> {
    const { source } = place
    const isHere = tagged.current !== undefined
    try {
      const isThere = await follow(place, tagged)
      if (isThere || !isHere) return { isThere, failure: undefined, isShared: true }
      const gone = `${source.upstream.name}: it has no such tag any more`
      return { isThere, failure: gone, isShared: source.via === undefined }
    } catch (error) {
      if (!isHere || signal.aborted) throw error
      const failure = sendLast(place, tagged.tag, error)
      return { isThere: false, failure, isShared: isForAll(source, error) }
    }
  }

  /** Answers the failure as clients are told of it. */
  function sendLast({ repository, source }: Place, tag: Tag, error: unknown): string {
    const reason = error instanceof Error ? error.message : String(error)
    report({ repository, tag, reason }, lastKnownSent)
    const { name } = source.upstream
    return reason.startsWith(name) ? reason : `${name}: ${reason}`
  }

  /** What takes longer than the patience goes on, for the next client. */
  async function follow({ repository, source }: Place, tagged: Tagged): Promise<boolean> {
    const { upstream, remote, via } = source
    const { tag, current } = tagged
    const wait = { signal, upstream: upstream.name, ms: current && patience.heldMs }
    const found = await within(wait, async (limit) => {
      const head = await upstream.manifests.find(remote, tag, { signal: limit, via })
      if (!head) return 'nowhere'
      if (await manifests.point(repository, tagged, head.digest)) return 'here'
      const isFetched = await manifests.fetch({ repository, source }, head.digest)
      return isFetched ? head.digest : 'nowhere'
    })
    if (found === 'here' || found === 'nowhere') return found === 'here'
    return manifests.point(repository, tagged, found)
  }
}
