/** Pushes and pulls of whole images by plain requests, each step of which has to succeed. */
import { type Answer, next, send } from './http.ts'
import { digestOf, type Image, indexType, manifestType } from './image.ts'

type Place = { url: string; repository: string }

export async function pushImage(place: Place, tag: string, image: Image): Promise<void> {
  for (const blob of [...image.layers, image.config]) await pushBlob(place, blob)
  const answer = await putManifest(place, tag, image.manifest)
  expectStatus(answer, 201)
}

/** In two requests, as engines do. */
export async function pushBlob({ url, repository }: Place, bytes: Buffer): Promise<string> {
  const digest = digestOf(bytes)
  const begun = await send('POST', `${url}/v2/${repository}/blobs/uploads/`)
  expectStatus(begun, 202)
  const patched = await send('PATCH', next(begun, url), { body: bytes, headers: chunkHeaders })
  expectStatus(patched, 202)
  expectStatus(await send('PUT', next(patched, url, `digest=${digest}`)), 201)
  return digest
}

export const chunkHeaders = { 'Content-Type': 'application/octet-stream' }

export function putManifest(place: Place, reference: string, body: Buffer): Promise<Answer> {
  const headers = { 'Content-Type': manifestType }
  return send('PUT', manifestUrl(place, reference), { body, headers })
}

/** Answers the digest of the manifest, after every blob it names has come with its own. */
export async function pullImage(place: Place, reference: string): Promise<string> {
  const { url, repository } = place
  const headers = { Accept: `${manifestType}, ${indexType}` }
  const answer = await send('GET', manifestUrl(place, reference), { headers })
  expectStatus(answer, 200)
  const { config, layers } = JSON.parse(answer.body.toString()) as {
    config: { digest: string }
    layers: { digest: string }[]
  }
  for (const { digest } of [config, ...layers]) {
    const blob = await send('GET', `${url}/v2/${repository}/blobs/${digest}`)
    expectStatus(blob, 200)
    if (digestOf(blob.body) !== digest) throw new Error(`${digest} came as other bytes`)
  }
  return digestOf(answer.body)
}

export function manifestUrl({ url, repository }: Place, reference: string): string {
  return `${url}/v2/${repository}/manifests/${reference}`
}

export function expectStatus({ status, body }: Answer, expected: number): void {
  if (status !== expected) throw new Error(`${status} instead of ${expected}: ${body}`)
}
