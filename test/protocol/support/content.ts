/** Content for tests: blobs, images and indexes, and pushing them the usual way. */
import { expect } from '@jest/globals'
import { type Algorithm, digestOf } from '../../../registry/protocol/digest.ts'
import { imageIndex, imageManifest } from '../../../registry/protocol/media-types.ts'
import { type Client, locationOf, type Sent } from './client.ts'

export const configType = 'application/vnd.oci.image.config.v1+json'
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip'

type Sender = Pick<Client, 'post' | 'put'>
type Fields = Record<string, unknown>
export type Descriptor = { mediaType: string; digest: string; size: number; urls?: string[] }
export type Packed = { bytes: Buffer; digest: string; mediaType: string; size: number }

export const sha256 = (bytes: Uint8Array | string) => hashed('sha256', bytes)
export const sha512 = (bytes: Uint8Array | string) => hashed('sha512', bytes)

function hashed(algorithm: Algorithm, bytes: Uint8Array | string): string {
  return digestOf(algorithm, Buffer.from(bytes))
}

export function descriptor(bytes: Uint8Array | string, mediaType = layerType): Descriptor {
  return { mediaType, digest: sha256(bytes), size: Buffer.byteLength(bytes) }
}

/** A document as the bytes that are pushed, with what is needed to push and to refer to it. */
export function pack(fields: Fields): Packed {
  const bytes = Buffer.from(JSON.stringify(fields))
  const mediaType = String(fields.mediaType ?? imageManifest)
  return { bytes, digest: sha256(bytes), mediaType, size: bytes.length }
}

export function packImage(layers: (Uint8Array | string)[], fields: Fields = {}): Packed {
  return pack({
    schemaVersion: 2,
    mediaType: imageManifest,
    config: descriptor('{}', configType),
    layers: layers.map((layer) => descriptor(layer)),
    ...fields,
  })
}

export function packIndex(children: Packed[], fields: Fields = {}): Packed {
  const manifests = children.map(({ bytes: _bytes, ...child }) => child)
  return pack({ schemaVersion: 2, mediaType: imageIndex, manifests, ...fields })
}

/** POST, then PUT. Answers the digest. */
export async function pushBlob(client: Sender, repository: string, bytes: Uint8Array | string) {
  const digest = sha256(bytes)
  const started = await client.post(`/v2/${repository}/blobs/uploads/`)
  const ended = await client.put(locationOf(started, { digest }), { body: bytes })
  expect(ended.status).toBe(201)
  return digest
}

/** Starts an upload and answers the path to go on with it. */
/** Answers the path alone: a client that brings nothing along finds its upload, too. */
export async function startUpload(client: Sender, repository: string): Promise<string> {
  const answer = await client.post(`/v2/${repository}/blobs/uploads/`)
  expect(answer.status).toBe(202)
  return new URL(locationOf(answer), 'http://localhost').pathname
}

/** The location of an upload, whatever its client is to bring along. */
export function uploadAt(path: string) {
  return expect.stringMatching(new RegExp(`^${path.replaceAll('.', '[.]')}(\\?_state=[\\w.-]+)?$`))
}

export function putManifest(
  client: Sender,
  path: string,
  { bytes, mediaType }: Pick<Packed, 'bytes' | 'mediaType'>,
  headers?: Sent['headers'],
) {
  const sent = { body: bytes, headers: { 'Content-Type': mediaType, ...headers } }
  return client.put(`/v2/${path}`, sent)
}

/** Blobs first, then the manifest under `reference`. Answers the manifest as it was pushed. */
export async function pushImage(
  client: Sender,
  repository: string,
  { reference, layers = ['layer'], ...fields }: Fields & { reference?: string; layers?: string[] },
): Promise<Packed> {
  for (const blob of ['{}', ...layers]) await pushBlob(client, repository, blob)
  const image = packImage(layers, fields)
  const path = `${repository}/manifests/${reference ?? image.digest}`
  const answer = await putManifest(client, path, image)
  expect(answer.status).toBe(201)
  return image
}
