/** Writes images as an OCI layout, the folder that skopeo calls `oci:`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Descriptor,
  describe,
  digestOf,
  type Image,
  indexType,
  manifestType,
} from './image.ts'

/** The folder then holds `image` under the name `latest`. */
export async function writeLayout(folder: string, image: Image): Promise<void> {
  await writeImage(folder, image)
  await writeNames(folder, describe(manifestType, image.manifest))
}

/** An index of images, one for each architecture, under the name `latest`; answers its digest. */
export async function writeIndexLayout(
  folder: string,
  images: Record<string, Image>,
): Promise<string> {
  const manifests: object[] = []
  for (const [architecture, image] of Object.entries(images)) {
    await writeImage(folder, image)
    const platform = { os: 'linux', architecture }
    manifests.push({ ...describe(manifestType, image.manifest), platform })
  }
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }))
  await writeBlob(folder, index)
  await writeNames(folder, describe(indexType, index))
  return digestOf(index)
}

async function writeImage(folder: string, { layers, config, manifest }: Image): Promise<void> {
  for (const bytes of [...layers, config, manifest]) await writeBlob(folder, bytes)
}

async function writeBlob(folder: string, bytes: Buffer): Promise<void> {
  const blobs = join(folder, 'blobs/sha256')
  await mkdir(blobs, { recursive: true })
  await writeFile(join(blobs, digestOf(bytes).slice('sha256:'.length)), bytes)
}

async function writeNames(folder: string, named: Descriptor): Promise<void> {
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' }
  const index = { schemaVersion: 2, manifests: [{ ...named, annotations }] }
  await writeFile(join(folder, 'index.json'), JSON.stringify(index))
  await writeFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
}
