/** Every kind of request that engines make, in an order in which each finds what it needs. */
import { randomUUID } from 'node:crypto'
import type { Client } from '../load/client.ts'
import { createImages, manifestType, pullImage, pushImage } from '../load/image.ts'
import { createContents } from '../load/push.ts'
import { layerSize } from '../scenarios/push.ts'

export type Step = readonly [title: string, take: () => Promise<unknown>]

const accepted = { Accept: manifestType }
const typed = { 'Content-Type': manifestType }
const chunk = { 'Content-Type': 'application/octet-stream' }

/** In a repository of their own, where nothing has been yet. */
export function stepsOf(client: Client): Step[] {
  const repository = `trips/${randomUUID()}`
  const place = `/v2/${repository}`
  const images = createImages()
  const [{ layer, config, manifest }, other] = [images(), images()]
  const large = createContents(layerSize)()
  const blob = (digest: string) => `${place}/blobs/${digest}`
  const named = (reference: string) => `${place}/manifests/${reference}`
  const { begin, append, commit } = uploadTo(client, `${place}/blobs/uploads/`)
  const { head, get, put, mount } = requestsOf(client)

  return [
    ['GET /v2/', () => get('/v2/')],
    ['HEAD blob, absent', () => head(blob(layer.digest), { expect: 404 })],
    ['POST upload', begin],
    ['PATCH upload, 4 KiB', () => append(layer.parts)],
    ['PUT upload, commit', () => commit(layer.digest)],
    ['HEAD blob, there', () => head(blob(layer.digest))],
    ['POST upload, again', begin],
    ['PATCH upload, 2 KiB', () => append(config.parts)],
    ['PUT upload, commit, again', () => commit(config.digest)],
    ['PUT manifest by tag', () => put(named('latest'), manifest.parts)],
    ['HEAD manifest by tag', () => head(named('latest'), { headers: accepted })],
    ['GET manifest by tag', () => get(named('latest'), { headers: accepted })],
    ['GET manifest by digest', () => get(named(manifest.digest), { headers: accepted })],
    ['GET blob, 4 KiB', () => get(blob(layer.digest))],
    ['POST mount', () => mount(`${place}/other`, layer.digest, repository)],
    ['POST upload, large', begin],
    ['PATCH upload, 64 MiB', () => append(large.parts)],
    ['PUT upload, commit 64 MiB', () => commit(large.digest)],
    ['GET blob, 64 MiB', () => get(blob(large.digest))],
    ['GET tags/list', () => get(`${place}/tags/list`)],
    ['small image pushed', () => pushImage(client, repository, 'next', other)],
    ['small image pulled', () => pullImage(client, repository, 'next', other)],
  ]
}

/** One upload at a time: each answer says where the next request of the upload goes. */
function uploadTo(client: Client, uploads: string) {
  let upload = new URL(client.url)

  async function go(method: string, from: string, options: Parameters<Client['send']>[2]) {
    const { headers } = await client.send(method, from, options)
    upload = new URL(headers.location ?? '', client.url)
  }

  return {
    begin: () => go('POST', uploads, { expect: 202 }),
    append: (body: Uint8Array[]) => go('PATCH', upload.href, { expect: 202, headers: chunk, body }),
    commit(digest: string) {
      upload.searchParams.set('digest', digest)
      return client.send('PUT', upload.href, { expect: 201 })
    },
  }
}

const requestsOf = (client: Client) => ({
  head: (path: string, options = {}) => client.send('HEAD', path, { expect: 200, ...options }),
  get: (path: string, options = {}) => client.send('GET', path, { expect: 200, ...options }),
  put: (path: string, body: Uint8Array[]) =>
    client.send('PUT', path, { expect: 201, headers: typed, body }),
  mount: (place: string, digest: string, from: string) =>
    client.send('POST', `${place}/blobs/uploads/?mount=${digest}&from=${from}`, { expect: 201 }),
})
