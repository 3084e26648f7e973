/**
 * Tags of an upstream. It is asked for one with HEAD, by one process, and not again before the answer is too old;
 * the digest of a tag that is here outlives every failure of the upstream.
 */
import type { Tags } from '../../registry/content/tags/tags.ts'
import type { Leases } from '../../registry/leases/lease.ts'
import { createJoined } from '../../registry/pace/joined.ts'
import type { Tag } from '../../registry/protocol/name.ts'
import type { MirroredManifests } from '../manifests.ts'
import { questionOf } from '../source.ts'
import type { AskedTimes } from './asked.ts'
import { inTurn, type Patience } from './patience.ts'
import { createTagQuestions, type Place } from './question.ts'

type Parts = {
  tags: Tags
  manifests: MirroredManifests
  asked: AskedTimes
  leases: Leases
  patience: Patience
  signal: AbortSignal
  report: (fields: object, message: string) => void
}
/** `failure` is why the tag may not be as the upstream has it. */
export type Refreshed = { failure: string | undefined; isNew: boolean }

export type MirroredTags = ReturnType<typeof createMirroredTags>

export function createMirroredTags(parts: Parts) {
  const { tags, asked, leases, patience, signal } = parts
  const joined = createJoined<string | undefined>()
  const questions = createTagQuestions(parts)
  return { refresh }

  /**
   * Sees to it that the tag is here as the upstream has it, if the upstream has it; `isNew` where the upstream was
   * asked for it just now. Throws `UpstreamError` where nothing is here.
   */
  async function refresh(place: Place, tag: Tag): Promise<Refreshed> {
    const { repository, source, ttlMs } = place
    const known = await asked.find({ repository, tag }, ttlMs)
    if (known) return { failure: known.failure, isNew: false }
    const question = questionOf(source, `${repository}:${tag}`)
    const failure = await joined(question, () => askInTurn(place, tag))
    return { failure, isNew: true }
  }

  async function askInTurn(place: Place, tag: Tag): Promise<string | undefined> {
    const { repository, ttlMs, source } = place
    const named = { repository, tag }
    const current = await tags.find(repository, tag)
    const isHere = current !== undefined
    const turn = {
      ...{ leases, signal, upstream: source.upstream.name },
      lease: questionOf(source, `mirror tag ${repository} ${tag}`),
      patienceMs: isHere ? 0 : patience.absentMs,
    }
    try {
      return await inTurn(turn, async () => {
        const known = await asked.find(named, ttlMs)
        if (known) return known.failure
        const { isThere, failure, isShared } = await questions.ask(place, { tag, current })
        // A tag that is nowhere may be pushed in the next moment.
        if (isShared && (isHere || isThere)) await asked.write(named, { failure, isKept: true })
        return failure
      })
    } catch (error) {
      if (!isHere) throw error
      // Another process asks, or there is no room on the disk to say that this one did.
      return questions.sendLast(place, tag, error)
    }
  }
}
