/** Manifests as plain objects, for tests that bend them out of shape. */
import { digestOf } from '../../../registry/protocol/digest.ts'
import { imageIndex, imageManifest } from '../../../registry/protocol/media-types.ts'

export const dockerImage = 'application/vnd.docker.distribution.manifest.v2+json'
export const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json'
export const artifactManifest = 'application/vnd.oci.artifact.manifest.v1+json'
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip'
export const configType = 'application/vnd.oci.image.config.v1+json'

export type Document = Record<string, unknown>

export function describeText(text: string, mediaType = layerType) {
  const bytes = Buffer.from(text)
  return { mediaType, digest: digestOf('sha256', bytes), size: bytes.length }
}

export function image(changes: Document = {}): Document {
  return {
    schemaVersion: 2,
    mediaType: imageManifest,
    config: describeText('config', configType),
    layers: [describeText('layer')],
    ...changes,
  }
}

export function index(changes: Document = {}): Document {
  const child = { ...describeText('child', imageManifest) }
  return { schemaVersion: 2, mediaType: imageIndex, manifests: [child], ...changes }
}

export function artifact(changes: Document = {}): Document {
  return {
    mediaType: artifactManifest,
    artifactType: 'application/x.sbom',
    blobs: [describeText('blob')],
    ...changes,
  }
}

export const encode = (document: unknown) => Buffer.from(JSON.stringify(document))
