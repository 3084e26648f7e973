/** Small images made on the spot: real layers for real clients, or any bytes where nobody unpacks them. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'

export const manifestType = 'application/vnd.oci.image.manifest.v1+json'
export const indexType = 'application/vnd.oci.image.index.v1+json'

export type Descriptor = { mediaType: string; digest: string; size: number }
export type Image = { layers: Buffer[]; config: Buffer; manifest: Buffer; digest: string }

export function digestOf(bytes: Uint8Array, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

export function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}

export const emptyConfig = Buffer.from('{}')

/** A manifest that refers to another one, as signatures do; its configuration is `emptyConfig`. */
export function signatureOf(subject: Descriptor): Buffer {
  const document = {
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType: 'application/vnd.example.signature',
    config: describe('application/vnd.oci.empty.v1+json', emptyConfig),
    layers: [],
    subject,
  }
  return Buffer.from(JSON.stringify(document))
}

/** An image that engines can unpack: a layer for each of `files`. */
export function imageOf(files: Record<string, string>, architecture = 'amd64'): Image {
  const tars = Object.entries(files).map(([name, text]) => tarOf(name, Buffer.from(text)))
  const diffIds = tars.map((tar) => digestOf(tar))
  return assemble(
    tars.map((tar) => gzipSync(tar)),
    { architecture, os: 'linux', rootfs: { type: 'layers', diff_ids: diffIds } },
  )
}

/** An image by its form only. */
export function imageFrom(...layers: Buffer[]): Image {
  return assemble(layers, { architecture: 'amd64', os: 'linux' })
}

function assemble(layers: Buffer[], configuration: object): Image {
  const config = Buffer.from(JSON.stringify(configuration))
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: describe('application/vnd.oci.image.config.v1+json', config),
      layers: layers.map((it) => describe('application/vnd.oci.image.layer.v1.tar+gzip', it)),
    }),
  )
  return { layers, config, manifest, digest: digestOf(manifest) }
}

const block = 512

/** A tar archive (ustar) of a single file. */
export function tarOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(block)
  const octal = (value: number, at: number, length: number) =>
    header.write(value.toString(8).padStart(length - 1, '0'), at)
  header.write(name, 0)
  octal(0o644, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(content.length, 124, 12)
  octal(0, 136, 12)
  header.write(' '.repeat(8), 148)
  header.write('0', 156)
  header.write('ustar\u000000', 257)
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  )
  const padding = Buffer.alloc((block - (content.length % block)) % block)
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * block)])
}
