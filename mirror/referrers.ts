/**
 * The manifests that refer to another one at the upstream: they are fetched, and the registry then lists them as
 * those of any repository. The upstream is asked as often as for a tag, in whichever way it knows.
 */
import { fewAtOnce } from '../registry/pace/few-at-once.ts'
import { createJoined } from '../registry/pace/joined.ts'
import type { Digest } from '../registry/protocol/digest.ts'
import type { MirroredManifests } from './manifests.ts'
import { isForAll, questionOf, type Source } from './source.ts'
import type { AskedTimes } from './tags/asked.ts'

/** More are not fetched, since each costs the upstream a request; a client that wants them asks for them. */
const most = 200
const fewRequests = 4

type Parts = {
  asked: AskedTimes
  manifests: MirroredManifests
  isHere: (repository: string, digest: Digest) => Promise<boolean>
  signal: AbortSignal
}
type Place = { repository: string; source: Source; ttlMs: number }

export type MirroredReferrers = ReturnType<typeof createMirroredReferrers>

export function createMirroredReferrers({ asked, manifests, isHere, signal }: Parts) {
  const joined = createJoined<string | undefined>()
  return { refresh }

  /**
   * Answers why some may be missing. Throws `UpstreamError` where the upstream has never answered: that nothing
   * refers to an image, such as a signature, is no answer then.
   */
  async function refresh(place: Place, subject: Digest): Promise<string | undefined> {
    // No tag has a colon.
    const named = { repository: place.repository, tag: `referrers:${subject}` }
    const known = await asked.find(named, place.ttlMs)
    if (known) return known.failure
    const { repository, source } = place
    return joined(questionOf(source, `${repository} ${subject}`), async () => {
      const { found, failure, isShared } = await fetchAll(place, subject).catch(async (error) => {
        if (!(await asked.findLast(named))) throw error
        const message: string = error instanceof Error ? error.message : String(error)
        return { found: 0, failure: message, isShared: isForAll(source, error) }
      })
      // Anyone can ask for the referrers of digests that are nowhere.
      const isKept = found > 0 || (await isHere(repository, subject))
      if (isShared) await asked.write(named, { failure, isKept })
      return failure
    })
  }

  async function fetchAll({ repository, source }: Place, subject: Digest) {
    const { upstream, remote, via } = source
    const found = await upstream.referrers(remote, subject, { signal, via })
    const fetch = async ({ digest }: { digest: Digest }) =>
      (await isHere(repository, digest)) || manifests.fetch({ repository, source }, digest)
    for await (const _ of fewAtOnce(found.slice(0, most), fetch, fewRequests));
    const left = found.length - most
    const failure =
      left > 0 ? `${upstream.name}: ${left} more referrers are not fetched` : undefined
    return { found: found.length, failure, isShared: true }
  }
}
