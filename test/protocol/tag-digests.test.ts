/** A tag answers with the digest by which it was given, sha512 as well as sha256. */
import { expect, it } from '@jest/globals'
import { openPolicy, type Policy } from '../../policies/engine/decision.ts'
import { imageManifest } from '../../registry/protocol/media-types.ts'
import { jsonOf } from './support/client.ts'
import {
  descriptor,
  type Packed,
  packImage,
  pushBlob,
  putManifest,
  sha512,
} from './support/content.ts'
import { expectError, expectSameHead, useRegistry } from './support/suite.ts'

const policy: Policy = (asked) =>
  asked.action === 'overwrite' && asked.tag?.startsWith('v')
    ? { allowed: false, because: 'it stays' }
    : openPolicy(asked)

const client = useRegistry({ policy })

/** An image whose blobs are here, with its two digests. */
async function prepare(repository: string, what = 'image') {
  await pushBlob(client, repository, '{}')
  const image = packImage([], { annotations: { what } })
  return { image, short: image.digest, long: sha512(image.bytes) }
}

async function give(repository: string, image: Packed, ...[digest, ...tags]: string[]) {
  const query = tags.map((tag) => `tag=${tag}`).join('&')
  const answer = await putManifest(client, `${repository}/manifests/${digest}?${query}`, image)
  expect(answer.status).toBe(201)
}

/** The digest that a tag answers with, in all the ways it does. */
async function digestOf(repository: string, tag: string): Promise<unknown> {
  const path = `/v2/${repository}/manifests/${tag}`
  const got = await client.get(path)
  expectSameHead(await client.head(path), got)
  const digest = got.headers['docker-content-digest']
  expect(got.headers.etag).toBe(`"${digest}"`)
  const again = await client.get(path, { headers: { 'If-None-Match': `"${digest}"` } })
  expect(again.status).toBe(304)
  const byDigest = await client.get(`/v2/${repository}/manifests/${digest}`)
  expect(byDigest.body.equals(got.body)).toBe(true)
  return digest
}

const tagsOf = async (repository: string) =>
  jsonOf<{ tags: string[] }>(await client.get(`/v2/${repository}/tags/list`)).tags

it('each tag of one manifest has its own', async () => {
  const { image, short, long } = await prepare('each')
  await give('each', image, long, 'a', 'b')
  await give('each', image, short, 'c')
  await putManifest(client, 'each/manifests/d', image)
  const found = await Promise.all(['a', 'b', 'c', 'd'].map((tag) => digestOf('each', tag)))
  expect(found).toEqual([long, long, short, short])
  expect(await tagsOf('each')).toEqual(['a', 'b', 'c', 'd'])
})

it('the last push of a tag counts, of the same manifest and of another', async () => {
  const { image, short, long } = await prepare('moves')
  const other = await prepare('moves', 'other')
  for (const [pushed, digest] of [
    [image, short],
    [image, long],
    [other.image, other.long],
    [image, short],
    [other.image, other.short],
    [image, long],
  ] as const) {
    await give('moves', pushed, digest, 'a')
    expect(await digestOf('moves', 'a')).toBe(digest)
  }
  await putManifest(client, 'moves/manifests/a', image)
  expect(await digestOf('moves', 'a')).toBe(short)
})

it.each(['short', 'long'] as const)('a delete by the %s one takes all its tags', async (by) => {
  const repository = `deleted/${by}`
  const { image, ...digests } = await prepare(repository)
  await give(repository, image, digests.long, 'a')
  await give(repository, image, digests.short, 'b')
  const removed = await client.remove(`/v2/${repository}/manifests/${digests[by]}`)
  expect(removed.status).toBe(202)
  expect(await tagsOf(repository)).toEqual([])
  for (const reference of ['a', 'b', digests.short, digests.long]) {
    const answer = await client.get(`/v2/${repository}/manifests/${reference}`)
    expectError(answer, 404, 'MANIFEST_UNKNOWN')
  }
  await give(repository, image, digests.short, 'a')
  expect(await digestOf(repository, 'a')).toBe(digests.short)
})

it('a tag that is deleted leaves the manifest under both, and none behind', async () => {
  const { image, short, long } = await prepare('untagged')
  await give('untagged', image, long, 'a')
  expect((await client.remove('/v2/untagged/manifests/a')).status).toBe(202)
  for (const digest of [short, long]) {
    expect((await client.head(`/v2/untagged/manifests/${digest}`)).status).toBe(200)
  }
  await give('untagged', image, short, 'a')
  expect(await digestOf('untagged', 'a')).toBe(short)
})

it('a tag that has to stay keeps its digest, too', async () => {
  const { image, short, long } = await prepare('stays')
  await give('stays', image, long, 'v1')
  await give('stays', image, long, 'v1')
  for (const path of [`stays/manifests/${short}?tag=v1`, 'stays/manifests/v1']) {
    const [detail] = expectError(await putManifest(client, path, image), 403, 'DENIED')
    expect(detail).toEqual({ tag: 'v1', digest: long })
  }
  expect(await digestOf('stays', 'v1')).toBe(long)
})

it('referrers are listed under the digest that they name, by the one they were pushed with', async () => {
  const { image, short, long } = await prepare('subjects')
  await give('subjects', image, long, 'a')
  for (const digest of [short, long]) {
    const subject = { ...descriptor(image.bytes, imageManifest), digest }
    const referrer = packImage([], { subject })
    await give('subjects', referrer, sha512(referrer.bytes))
    const listed = await client.get(`/v2/subjects/referrers/${digest}`)
    const { manifests } = jsonOf<{ manifests: { digest: string }[] }>(listed)
    expect(manifests.map((it) => it.digest)).toEqual([sha512(referrer.bytes)])
  }
})
