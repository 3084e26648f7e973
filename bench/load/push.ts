/** The requests with which an engine pushes a blob, and content that no registry has seen before. */
import { createHash, randomBytes } from 'node:crypto'
import type { Client } from './client.ts'

export type Content = { parts: Uint8Array[]; digest: string; size: number }

const uniqueBytes = 16

/**
 * Makes contents of `size` bytes that differ in their end. Their common part is hashed once, so that a
 * new digest costs the client next to nothing.
 */
export function createContents(size: number): () => Content {
  const common = randomBytes(size - uniqueBytes)
  const hash = createHash('sha256').update(common)
  return () => {
    const own = randomBytes(uniqueBytes)
    const digest = `sha256:${hash.copy().update(own).digest('hex')}`
    return { parts: [common, own], digest, size }
  }
}

const chunk = { 'Content-Type': 'application/octet-stream' }

/** HEAD, POST, PATCH with all of it, PUT. */
export async function pushBlob(client: Client, repository: string, content: Content) {
  const blobs = `/v2/${repository}/blobs`
  await client.send('HEAD', `${blobs}/${content.digest}`, { expect: 404 })
  const begun = await client.send('POST', `${blobs}/uploads/`, { expect: 202 })
  const upload = nextOf(client, begun.headers.location)
  const patched = await client.send('PATCH', upload.href, {
    expect: 202,
    headers: chunk,
    body: content.parts,
  })
  const whole = nextOf(client, patched.headers.location)
  whole.searchParams.set('digest', content.digest)
  await client.send('PUT', whole.href, { expect: 201 })
}

const nextOf = (client: Client, location = '') => new URL(location, client.url)
