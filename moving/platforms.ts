/** Of an image for several platforms, those that are wanted: a shorter index, or the image itself where one is left. */
import { z } from 'zod'
import { digestOf } from '../registry/protocol/digest.ts'
import type { Document } from './places/place.ts'

const entrySchema = z.looseObject({
  digest: z.string(),
  platform: z
    .looseObject({ os: z.string(), architecture: z.string(), variant: z.string().optional() })
    .optional(),
  annotations: z.record(z.string(), z.string()).optional(),
})
const indexSchema = z.looseObject({ manifests: z.array(entrySchema) })
type Entry = z.infer<typeof entrySchema>

/** buildkit names the image that an attestation is about so. */
const about = 'vnd.docker.reference.digest'

type Selected = { document: Document } | { only: string } | undefined

/** `wanted` are as `linux/arm64/v8`, where the last part may be left out. Undefined where none is there. */
export function selectPlatforms(index: Document, wanted: readonly string[]): Selected {
  const { manifests, ...rest } = indexSchema.parse(JSON.parse(index.bytes.toString('utf8')))
  const images = manifests.filter((it) => wanted.some((platform) => isFor(it, platform)))
  const digests = new Set(images.map(({ digest }) => digest))
  const [first] = images
  if (!first) return undefined
  if (digests.size === 1) return { only: first.digest }
  const kept = manifests.filter(
    (it) => digests.has(it.digest) || digests.has(it.annotations?.[about] ?? ''),
  )
  if (kept.length === manifests.length) return { document: index }
  const bytes = Buffer.from(JSON.stringify({ ...rest, manifests: kept }))
  return { document: { digest: digestOf('sha256', bytes), mediaType: index.mediaType, bytes } }
}

function isFor({ platform }: Entry, wanted: string): boolean {
  const [os, architecture, variant] = wanted.split('/')
  if (platform?.os !== os || platform?.architecture !== architecture) return false
  return variant === undefined || platform?.variant === variant
}
