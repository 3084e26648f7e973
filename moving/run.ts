/** A copy as a command makes it: one tag, or all tags that a pattern fits. */
import { type Digest, isDigest } from '../registry/protocol/digest.ts'
import { isTag } from '../registry/protocol/name.ts'
import { copyImage } from './copy.ts'
import { type Access, openDestination, openSource } from './places/open.ts'
import type { Call, Destination, Source } from './places/place.ts'
import type { Spelled } from './places/spelling.ts'
import { createProgress } from './progress.ts'
import { allOf, createRate, createSlots } from './slots.ts'
import { listTags, removeOthers } from './tags.ts'

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
  /** Hears of each tag once it is seen at the destination. */
  copied: (line: string) => void
  newest?: number | undefined
  /** Whether tags that fit and that the source has no more are removed. */
  followsDeletions?: boolean
  deleted?: (name: string) => void
  /** Hears of tags that failed, and the others go on; without it the first failure is thrown. */
  failed?: (tag: string, error: unknown) => void
}

export async function runCopy(options: CopyOptions): Promise<void> {
  const { from, to, access, call } = options
  const source = await openSource(from, access.from, call)
  try {
    const destination = await openDestination(to, access.to, from)
    try {
      await copyAll(options, source, destination)
      await destination.finish?.(call)
    } finally {
      await destination.close()
    }
  } finally {
    await source.close()
  }
}

async function copyAll(options: CopyOptions, source: Source, destination: Destination) {
  const { platforms, withReferrers, call, copied, failed } = options
  const { progress, say, hide } = createProgress(options.output)
  const within = createSlots(options.parallel)
  const rate = options.bytesPerSecond ? createRate(options.bytesPerSecond) : undefined
  const copies = new Map<Digest, Promise<void>>()
  const transfer = { source, destination, within, rate, progress, say, copies, call }
  const atOnce = createSlots(options.parallel)

  async function copyOne({ reference, tag }: Image): Promise<void> {
    try {
      const done = await copyImage({ ...transfer, reference, tag, platforms, withReferrers })
      const { digest, manifests, blobs } = done
      const name = tag === undefined ? destination.name : `${destination.name}:${tag}`
      hide()
      copied(`${name} ${digest} (${manifests} manifests, ${blobs} blobs)`)
    } catch (error) {
      if (!failed) throw error
      hide()
      failed(reference, error)
    }
  }

  const images = await listImages(options, source)
  await allOf(images.map((image) => atOnce(() => copyOne(image))))
  if (options.followsDeletions) {
    const wanted = { source, patterns: options.tags, call }
    await removeOthers(destination, wanted, options.deleted ?? (() => {}))
  }
}

type Image = { reference: string; tag: string | undefined }

/** Without a tag the destination has that of the source. */
async function listImages(options: CopyOptions, source: Source): Promise<Image[]> {
  const { from, to, tags: patterns, newest, call } = options
  if (patterns.length > 0) {
    const tags = await listTags({ source, patterns, newest, call })
    return tags.map((tag) => ({ reference: tag, tag }))
  }
  const reference = from.reference ?? 'latest'
  const tag = to.reference ?? (isDigest(reference) ? undefined : reference)
  return [{ reference, tag: tag !== undefined && isTag(tag) ? tag : undefined }]
}
