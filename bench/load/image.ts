/** A small image that nobody has seen before, pushed and pulled by the requests that docker makes. */
import { createHash } from 'node:crypto'
import type { Client } from './client.ts'
import { type Content, createContents, pushBlob } from './push.ts'

export const manifestType = 'application/vnd.docker.distribution.manifest.v2+json'

export type Image = { config: Content; layer: Content; manifest: Content }

const sizes = { config: 2 * 1024, layer: 4 * 1024 }

export function createImages(): () => Image {
  const [configs, layers] = [createContents(sizes.config), createContents(sizes.layer)]
  return () => {
    const [config, layer] = [configs(), layers()]
    return { config, layer, manifest: manifestOf(config, layer) }
  }
}

function manifestOf(config: Content, layer: Content): Content {
  const kind = 'application/vnd.docker'
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: describe(`${kind}.container.image.v1+json`, config),
    layers: [describe(`${kind}.image.rootfs.diff.tar.gzip`, layer)],
  })
  const bytes = Buffer.from(text)
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  return { parts: [bytes], digest, size: bytes.length }
}

const describe = (mediaType: string, { digest, size }: Content) => ({ mediaType, digest, size })

export async function pushImage(client: Client, repository: string, tag: string, image: Image) {
  for (const content of [image.layer, image.config]) await pushBlob(client, repository, content)
  await client.send('PUT', `/v2/${repository}/manifests/${tag}`, {
    expect: 201,
    headers: { 'Content-Type': manifestType },
    body: image.manifest.parts,
  })
}

/** Every answer is checked against its digest, as engines do. */
export async function pullImage(client: Client, repository: string, tag: string, image: Image) {
  const { manifest, config, layer } = image
  await client.send('GET', `/v2/${repository}/manifests/${tag}`, {
    expect: 200,
    headers: { Accept: manifestType },
    digest: manifest.digest,
  })
  for (const { digest } of [config, layer]) {
    await client.send('GET', `/v2/${repository}/blobs/${digest}`, { expect: 200, digest })
  }
}
