/** Reading a manifest: from the bytes a client sent, or that a volume holds, to what they refer to. */
import { z } from 'zod'
import { type Digest, isDigest } from './digest.ts'
import { RegistryError } from './errors.ts'
import {
  imageIndex,
  imageManifest,
  isSchemaOne,
  knownShape,
  manifestTypes,
  mustNameItself,
  type Shape,
} from './media-types.ts'

/** "Client and registry implementations SHOULD expect to be able to support … at least 4 megabytes." */
export const largestManifest = 4 * 1024 * 1024

/** Manifests are flat; what nests deeper only means to exhaust a reader. */
const deepest = 64

const digest = z.custom<Digest>((text) => typeof text === 'string' && isDigest(text), {
  error: 'must be sha256:<64 hex digits> or sha512:<128 hex digits>',
})

const annotations = z.record(z.string(), z.string())

const descriptor = z.looseObject({
  mediaType: z.string(),
  digest,
  size: z.int().nonnegative(),
  urls: z.array(z.string()).optional(),
  platform: z.looseObject({ architecture: z.string(), os: z.string() }).nullish(),
})

export type Descriptor = z.infer<typeof descriptor>

/** Some writers put null where a list is empty. */
const list = z.array(descriptor).nullable()

const common = {
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  subject: descriptor.nullish(),
  annotations: annotations.nullish(),
}

const documents = {
  image: z.looseObject({ ...common, config: descriptor, layers: list }),
  index: z.looseObject({ ...common, manifests: list }),
  artifact: z.looseObject({
    ...common,
    schemaVersion: z.literal(2).optional(),
    blobs: list.optional(),
  }),
} satisfies Record<Shape, z.ZodType>

/** A document of one kind may not carry the lists of another, or two clients could see two images. */
const strangers: Record<Shape, string[]> = {
  image: ['manifests', 'blobs', 'fsLayers'],
  index: ['config', 'layers', 'blobs', 'fsLayers'],
  artifact: ['manifests', 'layers', 'fsLayers'],
}

export type Manifest = {
  mediaType: string
  shape: Shape
  /** What the referrers API calls the type of this document; undefined for a plain index. */
  artifactType: string | undefined
  config: Descriptor | undefined
  /** Layers of an image, or blobs of an artifact. */
  layers: Descriptor[]
  /** The children of an index. */
  manifests: Descriptor[]
  subject: Digest | undefined
  annotations: Record<string, string> | undefined
}

/**
 * Reads a manifest that a client pushes as `contentType`. Throws `manifestType` when that is no type
 * of a manifest, `manifestInvalid` when the document is not what the type says.
 */
export function parseManifest(bytes: Uint8Array, contentType: string): Manifest {
  const declared = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (isSchemaOne(declared)) throw invalid('schema 1 is no longer supported: push schema 2 or OCI')

  const document = parseDocument(bytes)
  const shape = knownShape(declared) ?? shapeOfOther(declared, document)
  if (!shape) {
    throw new RegistryError('manifestType', { detail: { found: declared, allowed: manifestTypes } })
  }
  if (document.mediaType !== declared && (document.mediaType || mustNameItself(declared))) {
    const found = String(document.mediaType)
    throw invalid(`mediaType is ${found.slice(0, 200)}, but the Content-Type is ${declared}`)
  }
  return readAs(shape, declared, document)
}

/**
 * Reads a manifest that a volume holds, where its type is written nowhere but in itself. What some
 * earlier registry took is served as it is, even if we would not take it today; undefined only for
 * what is no manifest, or of schema 1.
 */
export function readStoredManifest(bytes: Uint8Array): Manifest | undefined {
  const document = attempt(() => parseDocument(bytes))
  if (!document || document.schemaVersion === 1) return undefined

  const named = typeof document.mediaType === 'string' ? document.mediaType : ''
  const mediaType = named || (Array.isArray(document.manifests) ? imageIndex : imageManifest)
  const shape = knownShape(mediaType) ?? shapeOfOther(mediaType, document) ?? 'image'
  return attempt(() => readAs(shape, mediaType, document)) ?? { ...empty, mediaType, shape }
}

const empty = {
  artifactType: undefined,
  config: undefined,
  layers: [],
  manifests: [],
  subject: undefined,
  annotations: undefined,
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof RegistryError) return undefined
    throw error
  }
}

/** Types that came after us: JSON that names its own type and has one of the shapes we know. */
function shapeOfOther(mediaType: string, document: Record<string, unknown>): Shape | undefined {
  if (!/^application\/[a-z0-9.-]+\+json$/.test(mediaType)) return undefined
  if (document.mediaType !== mediaType) return undefined
  if (Array.isArray(document.manifests)) return 'index'
  if (Array.isArray(document.layers)) return 'image'
  return Array.isArray(document.blobs) ? 'artifact' : undefined
}

function readAs(shape: Shape, mediaType: string, document: Record<string, unknown>): Manifest {
  const stranger = strangers[shape].find((key) => Object.hasOwn(document, key))
  if (stranger) throw invalid(`a manifest of type ${mediaType} may not have ${stranger}`)

  const checked = documents[shape].safeParse(document)
  if (!checked.success) throw invalid(z.prettifyError(checked.error).slice(0, 1000))

  const { config, layers, blobs, manifests, subject, artifactType, annotations } =
    checked.data as Partial<{
      config: Descriptor
      layers: Descriptor[] | null
      blobs: Descriptor[] | null
      manifests: Descriptor[] | null
    }> &
      z.infer<typeof documents.index>
  return {
    mediaType,
    shape,
    artifactType: artifactType || config?.mediaType,
    config,
    layers: layers ?? blobs ?? [],
    manifests: manifests ?? [],
    subject: subject?.digest,
    annotations: annotations ?? undefined,
  }
}

function parseDocument(bytes: Uint8Array): Record<string, unknown> {
  if (nestsDeeper(bytes, deepest)) throw invalid(`the JSON is nested deeper than ${deepest} levels`)
  try {
    // A byte order mark is kept, and so refused: other readers would choke on it.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>
    }
  } catch (cause) {
    throw invalid(`not JSON: ${cause instanceof Error ? cause.message : cause}`, cause)
  }
  throw invalid('not a JSON object')
}

/** Counts brackets outside of strings, so that a document is refused before anything recurses. */
function nestsDeeper(bytes: Uint8Array, limit: number): boolean {
  let depth = 0
  for (let at = 0; at < bytes.length && depth <= limit; at++) {
    const byte = bytes[at]
    if (byte === 0x22) at = endOfString(bytes, at)
    else if (byte === 0x7b || byte === 0x5b) depth++
    else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return depth > limit
}

function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1
  while (at < bytes.length && bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1
  return at
}

function invalid(detail: string, cause?: unknown): RegistryError {
  return new RegistryError('manifestInvalid', { detail, cause })
}
