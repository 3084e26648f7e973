/** The media types of manifests, and the shape each of them has. */

export const imageIndex = 'application/vnd.oci.image.index.v1+json'
export const imageManifest = 'application/vnd.oci.image.manifest.v1+json'

/** `image` has a config and layers, `index` has manifests, `artifact` has blobs. */
export type Shape = 'image' | 'index' | 'artifact'

const shapes: Record<string, Shape> = {
  [imageManifest]: 'image',
  [imageIndex]: 'index',
  'application/vnd.docker.distribution.manifest.v2+json': 'image',
  'application/vnd.docker.distribution.manifest.list.v2+json': 'index',
  'application/vnd.oci.artifact.manifest.v1+json': 'artifact',
}

export const manifestTypes = Object.keys(shapes)

/** Docker says the type in the document as well, always; for OCI types that is a choice. */
export function mustNameItself(mediaType: string): boolean {
  return mediaType.startsWith('application/vnd.docker.')
}

export function knownShape(mediaType: string): Shape | undefined {
  return Object.hasOwn(shapes, mediaType) ? shapes[mediaType] : undefined
}

/** Schema 1 was signed inside the document; registry:3 no longer takes it and neither do we. */
export function isSchemaOne(mediaType: string): boolean {
  return /^application\/vnd\.docker\.distribution\.manifest\.v1\+/.test(mediaType)
}

/** Layers that a client may fetch from elsewhere, so that they need not be here. */
const foreign =
  /^application\/vnd\.(?:docker\.image\.rootfs\.foreign\.|oci\.image\.layer\.nondistributable\.)/

export function isForeignLayer(mediaType: string): boolean {
  return foreign.test(mediaType)
}
