/** Every kind of request that engines make, in an order in which each finds what it needs. */
import { randomUUID } from 'node:crypto'
import type { Client } from '../load/client.ts'
import { createImages, manifestType, pullImage, pushImage } from '../load/image.ts'
import { createContents } from '../load/push.ts'
import { layerSize } from '../scenarios/push.ts'

export type Step = readonly [title: string, take: () => Promise<unknown>]

const chunk = { 'Content-Type': 'application/octet-stream' }

/** In a repository of their own, where nothing has been yet. */
export function stepsOf(client: Client): Step[] {
  const repository = `trips/${randomUUID()}`
  const place = `/v2/${repository}`
  const images = createImages()
  const [{ layer, config, manifest }, other] = [images(), images()]
  const large = createContents(layerSize)()
  const [accepted, typed] = [{ Accept: manifestType }, { 'Content-Type': manifestType }]
  const blob = (digest: string) => `${place}/blobs/${digest}`
  const named = (reference: string) => `${place}/manifests/${reference}`
  let upload = new URL(client.url)

  async function go(method: string, from: string, options: Parameters<Client['send']>[2]) {
    const { headers } = await client.send(method, from, options)
    upload = new URL(headers.location ?? '', client.url)
  }
  const begin = () => go('POST', `${place}/blobs/uploads/`, { expect: 202 })
  const append = (body: Uint8Array[]) =>
    go('PATCH', upload.href, { expect: 202, headers: chunk, body })
  function commit(digest: string) {
    upload.searchParams.set('digest', digest)
    return client.send('PUT', upload.href, { expect: 201 })
  }

  return [
    ['GET /v2/', () => client.send('GET', '/v2/', { expect: 200 })],
    ['HEAD blob, absent', () => client.send('HEAD', blob(layer.digest), { expect: 404 })],
    ['POST upload', begin],
    ['PATCH upload, 4 KiB', () => append(layer.parts)],
    ['PUT upload, commit', () => commit(layer.digest)],
    ['HEAD blob, there', () => client.send('HEAD', blob(layer.digest), { expect: 200 })],
    ['POST upload, again', begin],
    ['PATCH upload, 2 KiB', () => append(config.parts)],
    ['PUT upload, commit, again', () => commit(config.digest)],
    [
      'PUT manifest by tag',
      () =>
        client.send('PUT', named('latest'), { expect: 201, headers: typed, body: manifest.parts }),
    ],
    [
      'HEAD manifest by tag',
      () => client.send('HEAD', named('latest'), { expect: 200, headers: accepted }),
    ],
    [
      'GET manifest by tag',
      () => client.send('GET', named('latest'), { expect: 200, headers: accepted }),
    ],
    [
      'GET manifest by digest',
      () => client.send('GET', named(manifest.digest), { expect: 200, headers: accepted }),
    ],
    ['GET blob, 4 KiB', () => client.send('GET', blob(layer.digest), { expect: 200 })],
    [
      'POST mount',
      () =>
        client.send(
          'POST',
          `${place}/other/blobs/uploads/?mount=${layer.digest}&from=${repository}`,
          { expect: 201 },
        ),
    ],
    ['POST upload, large', begin],
    ['PATCH upload, 64 MiB', () => append(large.parts)],
    ['PUT upload, commit 64 MiB', () => commit(large.digest)],
    ['GET blob, 64 MiB', () => client.send('GET', blob(large.digest), { expect: 200 })],
    ['GET tags/list', () => client.send('GET', `${place}/tags/list`, { expect: 200 })],
    ['small image pushed', () => pushImage(client, repository, 'next', other)],
    ['small image pulled', () => pullImage(client, repository, 'next', other)],
  ]
}
