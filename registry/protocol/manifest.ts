/** Reading a manifest: from the bytes a client sent, or that a volume holds, to what they refer to. */
import { isUtf8 } from 'node:buffer'
import type { Digest } from './digest.ts'
import { RegistryError } from './errors.ts'
import { createJson } from './json.ts'
import type { JsonLimits } from './json-nesting.ts'
import { type Descriptor, type ManifestFields, manifestFields } from './manifest-fields.ts'
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

/** Manifests are flat and short; what goes further only means to exhaust a reader. */
export const pushable: JsonLimits = { depth: 64, values: 150_000 }

/** As deep as Go reads, so as deep as what some other registry took may be. */
const stored: JsonLimits = { depth: 10_000, values: Number.POSITIVE_INFINITY }

/** A document of one kind may not carry the lists of another, or two clients could see two images. */
const strangers: Record<Shape, (keyof ManifestFields)[]> = {
  image: ['manifests', 'blobs', 'fsLayers'],
  index: ['config', 'layers', 'blobs', 'fsLayers'],
  artifact: ['manifests', 'layers', 'fsLayers'],
}

export type Manifest = {
  mediaType: string
  shape: Shape
  /** The `artifactType` of this document in the referrers API; undefined for a plain index. */
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

  const document = readPushed(bytes)
  const shape = knownShape(declared) ?? shapeOfOther(declared, document)
  if (!shape) {
    throw new RegistryError('manifestType', { detail: { found: declared, allowed: manifestTypes } })
  }
  const { mediaType } = document
  if (mediaType !== declared && (mediaType || mustNameItself(declared))) {
    const found = mediaType ? `is ${mediaType.slice(0, 200)}` : 'is missing'
    throw invalid(`mediaType ${found}, but the Content-Type is ${declared.slice(0, 200)}`)
  }
  refuseMixture(shape, declared, document)
  return manifestOf(shape, declared, document)
}

/**
 * Reads a manifest that a volume holds, where its type is written nowhere but in itself. A
 * manifest that an earlier registry took is served as it is, even if it would be refused today; undefined
 * only for other bytes, and for schema 1.
 */
export function readStoredManifest(bytes: Uint8Array): Manifest | undefined {
  const document = readStored(bytes)
  if (!document || document.schemaVersion === 1) return undefined

  const mediaType = document.mediaType || (document.manifests ? imageIndex : imageManifest)
  const shape = knownShape(mediaType) ?? shapeOfOther(mediaType, document) ?? 'image'
  return manifestOf(shape, mediaType, document)
}

/** Types that came after us: JSON that names its own type and has one of the shapes we know. */
function shapeOfOther(mediaType: string, document: ManifestFields): Shape | undefined {
  if (!/^application\/[a-z0-9.-]+\+json$/.test(mediaType)) return undefined
  if (document.mediaType !== mediaType) return undefined
  if (document.manifests) return 'index'
  if (document.layers) return 'image'
  return document.blobs ? 'artifact' : undefined
}

function refuseMixture(shape: Shape, mediaType: string, document: ManifestFields): void {
  const stranger = strangers[shape].find((key) => document[key] !== undefined)
  if (stranger) throw invalid(`a manifest of type ${mediaType} may not have ${stranger}`)
  if (shape === 'image' && !document.config) throw invalid('config is missing')

  const { schemaVersion } = document
  if (schemaVersion === 2 || (shape === 'artifact' && schemaVersion === undefined)) return
  throw invalid(`schemaVersion is ${schemaVersion ?? 'missing'}; allowed is 2`)
}

function manifestOf(shape: Shape, mediaType: string, document: ManifestFields): Manifest {
  const { config, layers, blobs, manifests, subject, artifactType, annotations } = document
  return {
    mediaType,
    shape,
    artifactType: artifactType || config?.mediaType || undefined,
    config,
    layers: layers ?? blobs ?? [],
    manifests: manifests ?? [],
    subject,
    annotations,
  }
}

function readPushed(bytes: Uint8Array): ManifestFields {
  // Other bytes are replaced when they are read as text, so two keys could become one.
  if (!isUtf8(bytes)) throw invalid('not JSON: it is not UTF-8')
  try {
    return readFields(bytes, true)
  } catch (cause) {
    if (cause instanceof SyntaxError) throw invalid(cause.message, cause)
    throw cause
  }
}

function readStored(bytes: Uint8Array): ManifestFields | undefined {
  try {
    return readFields(bytes, false)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function readFields(bytes: Uint8Array, strict: boolean): ManifestFields {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const json = createJson(buffer, strict ? pushable : stored)
  if (json.kind() !== 'object') throw new SyntaxError('not a JSON object')
  const fields = manifestFields({ json, strict, steps: [], descriptors: 0 }) ?? {}
  json.end()
  return fields
}

function invalid(detail: string, cause?: unknown): RegistryError {
  return new RegistryError('manifestInvalid', { detail, cause })
}
