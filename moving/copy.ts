/**
 * One image from one place to another, with all it names and all that refers to it. What is there already is not
 * sent. Manifests go after what they name, the tag last; it is done once each digest was seen at the destination.
 */
import type { Digest } from '../registry/protocol/digest.ts'
import { readStoredManifest } from '../registry/protocol/manifest.ts'
import { isForeignLayer, knownShape } from '../registry/protocol/media-types.ts'
import { shareCopy, type Transfer } from './copy-blob.ts'
import { withPatience } from './patience.ts'
import type { Descriptor, Document } from './places/place.ts'
import { selectPlatforms } from './platforms.ts'
import { allOf } from './slots.ts'

export type Job = Transfer & {
  /** A tag or a digest at the source. */
  reference: string
  /** The tag at the destination; undefined where it is known by its digest alone. */
  tag: string | undefined
  /** `linux/amd64` and the like; none for all. */
  platforms: readonly string[]
  withReferrers: boolean
}

export type Copied = { digest: Digest; manifests: number; blobs: number }

/** Deeper than any that tools make. */
const deepest = 16

export async function copyImage(job: Job): Promise<Copied> {
  const root = await findRoot(job)
  const seen: Seen = { manifests: new Map(), blobs: new Map() }
  await copyManifest(root, { job, seen, depth: 0, tag: job.tag })
  if (job.withReferrers) await copyReferrers(job, seen)
  await requireAll(job, seen)
  if (job.tag !== undefined) await requireTag(job, root.digest, job.tag)
  return { digest: root.digest, manifests: seen.manifests.size, blobs: seen.blobs.size }
}

async function findRoot(job: Job): Promise<Document> {
  const { reference, platforms } = job
  const found = await readManifest(job, reference)
  if (platforms.length === 0 || knownShape(found.mediaType) !== 'index') return found
  const selected = selectPlatforms(found, platforms)
  if (!selected) {
    throw new Error(`${job.source.name} has nothing for ${platforms.join(' or ')}`)
  }
  return 'document' in selected ? selected.document : readManifest(job, selected.only)
}

/** What several manifests name is copied once, and all of them wait for it. */
type Seen = {
  manifests: Map<Digest, Promise<void>>
  blobs: Map<Digest, { blob: Descriptor; copied: Promise<void> }>
}
type Step = {
  job: Job
  seen: Seen
  depth: number
  tag?: string | undefined
  subject?: Digest | undefined
}

function copyManifest(document: Document, step: Step): Promise<void> {
  const { manifests } = step.seen
  const copied = manifests.get(document.digest) ?? copyNewManifest(document, step)
  manifests.set(document.digest, copied)
  return copied
}

async function copyNewManifest(document: Document, step: Step): Promise<void> {
  const { job, seen, depth, tag, subject } = step
  if (depth > deepest) throw new Error(`${job.source.name}: indexes are nested too deeply`)
  const manifest = readStoredManifest(document.bytes)
  if (!manifest) {
    throw new Error(`${job.source.name} has schema 1 or no manifest in ${document.digest}`)
  }
  const { config, layers, manifests } = manifest
  const own = [...(config ? [config] : []), ...layers].filter((it) => !isForeignLayer(it.mediaType))
  const children = manifests.map(async ({ digest }) => {
    const child = await readManifest(job, digest)
    await copyManifest(child, { job, seen, depth: depth + 1 })
  })
  await allOf([...own.map((blob) => copyOnce(job, seen, withSize(blob))), ...children])
  const put = () => job.destination.putManifest(document, { ...job.call, tag, subject })
  await withPatience(put, job)
  job.progress.manifest(document.digest)
}

function copyOnce(job: Job, { blobs }: Seen, blob: Descriptor): Promise<void> {
  const copied = blobs.get(blob.digest)?.copied ?? shareCopy(job, blob)
  blobs.set(blob.digest, { blob, copied })
  return copied
}

/** Those of each manifest, and those of these in turn. A map hands out what is added while it is walked. */
async function copyReferrers(job: Job, seen: Seen): Promise<void> {
  for (const subject of seen.manifests.keys()) {
    const referrers = await withPatience(() => job.source.referrers(subject, job.call), job)
    for (const { digest } of referrers) {
      const document = await readManifest(job, digest)
      await copyManifest(document, { job, seen, depth: 0, subject })
    }
  }
}

async function readManifest(job: Job, reference: string): Promise<Document> {
  const found = await job.within(() =>
    withPatience(() => job.source.manifest(reference, job.call), job),
  )
  if (found) return found
  throw new Error(`${job.source.name} has no manifest ${reference}`)
}

type Named = { digest: Digest; mediaType: string; size: number | undefined }

function withSize({ digest, mediaType, size }: Named): Descriptor {
  if (size !== undefined && Number.isSafeInteger(size)) return { digest, mediaType, size }
  throw new Error(`a manifest names ${digest} without its size`)
}

async function requireAll(job: Job, { manifests, blobs }: Seen): Promise<void> {
  const { destination, call } = job
  const requireOne = (digest: string, isThere: () => Promise<boolean>) =>
    job.within(async () => {
      if (await withPatience(isThere, job)) return
      throw new Error(`${destination.name} took ${digest} and does not have it`)
    })
  await allOf([
    ...[...manifests.keys()].map((digest) =>
      requireOne(digest, async () => (await destination.findManifest(digest, call)) === digest),
    ),
    ...[...blobs.values()].map(({ blob }) =>
      requireOne(blob.digest, () => destination.hasBlob(blob, call)),
    ),
  ])
}

async function requireTag(job: Job, digest: Digest, tag: string): Promise<void> {
  const found = await withPatience(() => job.destination.findManifest(tag, job.call), job)
  if (found === digest) return
  throw new Error(
    `${job.destination.name} has ${found ?? 'nothing'} as ${tag} instead of ${digest}`,
  )
}
