/** A copy as a command makes it: one tag, or all tags that a pattern fits. */
import picomatch from 'picomatch'
import { isDigest } from '../registry/protocol/digest.ts'
import { isTag } from '../registry/protocol/name.ts'
import { copyImage } from './copy.ts'
import { type Access, openDestination, openSource } from './open.ts'
import type { Call, Source } from './place.ts'
import { createProgress } from './progress.ts'
import { createRate, createSlots } from './slots.ts'
import type { Spelled } from './spelling.ts'

export type CopyOptions = {
  from: Spelled
  to: Spelled
  access: { from: Access; to: Access }
  /** Patterns of tags; none for the one that is named. */
  tags: readonly string[]
  platforms: readonly string[]
  withReferrers: boolean
  parallel: number
  bytesPerSecond: number | undefined
  output: { isTTY?: boolean | undefined; write: (text: string) => unknown }
  call: Call
}

/** The lines that say what was copied. */
export async function runCopy(options: CopyOptions): Promise<string[]> {
  const { from, to, access, platforms, withReferrers, call } = options
  const source = await openSource(from, access.from, call)
  try {
    const destination = await openDestination(to, access.to, from)
    try {
      const { progress, say } = createProgress(options.output)
      const within = createSlots(options.parallel)
      const rate = options.bytesPerSecond ? createRate(options.bytesPerSecond) : undefined
      const transfer = { source, destination, within, rate, progress, say, call }
      const done: string[] = []
      for (const { reference, tag } of await listImages(options, source)) {
        const copied = await copyImage({ ...transfer, reference, tag, platforms, withReferrers })
        const { digest, manifests, blobs } = copied
        const name =
          tag === undefined ? `${destination.name}@${digest}` : `${destination.name}:${tag}`
        done.push(`${name} ${digest} (${manifests} manifests, ${blobs} blobs)`)
      }
      await destination.finish?.(call)
      return done
    } finally {
      await destination.close()
    }
  } finally {
    await source.close()
  }
}

type Image = { reference: string; tag: string | undefined }

async function listImages({ from, to, tags, call }: CopyOptions, source: Source): Promise<Image[]> {
  if (tags.length > 0) {
    const fits = picomatch([...tags])
    const found = (await source.tags(call)).filter((tag) => fits(tag))
    if (found.length > 0) return found.map((tag) => ({ reference: tag, tag }))
    throw new Error(`${source.name} has no tag such as ${tags.join(' or ')}`)
  }
  const reference = from.reference ?? 'latest'
  const wanted = to.reference ?? (isDigest(reference) ? undefined : reference)
  return [{ reference, tag: wanted !== undefined && isTag(wanted) ? wanted : undefined }]
}
