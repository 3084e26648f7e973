/** GET /v2/<name>/tags/list: all tags, or pages of them, in byte order. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { jsonOf, nextOf } from './support/client.ts'
import { packIndex, pushBlob, pushImage, putManifest } from './support/content.ts'
import { expectError, useRegistry } from './support/suite.ts'

const client = useRegistry({ rules: { largestTagPage: 4 } })
const sorted = ['1', '10', '2', 'A', 'Z', '_', 'a', 'a-b', 'a.b', 'a_b', 'b', 'x.tmp']

async function tagsAt(query = '', repository = 'team/app') {
  const answer = await client.get(`/v2/${repository}/tags/list${query}`)
  expect(answer.status).toBe(200)
  expect(answer.headers['content-type']).toBe('application/json')
  const { name, tags } = jsonOf<{ name: string; tags: string[] }>(answer)
  expect(name).toBe(repository)
  return { tags, next: nextOf(answer) }
}

beforeAll(async () => {
  for (const tag of [...sorted].reverse()) {
    await putManifest(client, `team/app/manifests/${tag}`, packIndex([]))
  }
})

describe('the list of tags', () => {
  it('has all of them in byte order when no number is given, however many', async () => {
    expect(await tagsAt()).toEqual({ tags: sorted, next: undefined })
  })

  it('is the same whatever stands behind the path', async () => {
    expect((await tagsAt('?ns=docker.io&n=')).tags).toEqual(sorted)
  })

  it.each([1, 2, 3, 4])('comes in pages of %d that follow each other and end', async (n) => {
    const seen: string[] = []
    let query: string | undefined = `?n=${n}`
    while (query !== undefined) {
      const page = await tagsAt(query)
      expect(page.tags.length).toBeGreaterThan(0)
      expect(page.tags.length).toBeLessThanOrEqual(n)
      seen.push(...page.tags)
      query = page.next?.replace('/v2/team/app/tags/list', '')
    }
    expect(seen).toEqual(sorted)
  })

  it('has no next page after the last item, even when the page is full', async () => {
    expect(await tagsAt('?n=4&last=a-b')).toEqual({ tags: sorted.slice(-4), next: undefined })
  })

  it('gives no more at once than is allowed, and links to the rest', async () => {
    const next = '/v2/team/app/tags/list?last=A&n=4'
    expect(await tagsAt('?n=5000')).toEqual({ tags: sorted.slice(0, 4), next })
  })

  it('is empty when nothing is asked for', async () => {
    expect(await tagsAt('?n=0')).toEqual({ tags: [], next: undefined })
    expect(await tagsAt('?n=0&last=a')).toEqual({ tags: [], next: undefined })
  })

  const after: [last: string, tags: string[]][] = [
    ['a', ['a-b', 'a.b', 'a_b', 'b', 'x.tmp']],
    ['a0', ['a_b', 'b', 'x.tmp']],
    ['no tag at all', ['x.tmp']],
    ['x.tmp', []],
    ['~', []],
  ]
  it.each(after)('begins after %j, whether or not there is such a tag', async (last, tags) => {
    expect((await tagsAt(`?last=${encodeURIComponent(last)}`)).tags).toEqual(tags)
  })

  it.each(['-1', 'x', '1.5', '1e3', '0x1'])('refuses a page of %s', async (n) => {
    const answer = await client.get(`/v2/team/app/tags/list?n=${n}`)
    expect(expectError(answer, 400, 'PAGINATION_NUMBER_INVALID')).toEqual([{ n }])
  })
})

describe('a repository', () => {
  it('that nobody pushed to is unknown', async () => {
    const answer = await client.get('/v2/team/none/tags/list')
    expect(expectError(answer, 404, 'NAME_UNKNOWN')).toEqual([{ name: 'team/none' }])
  })

  it('above another one is not one itself', async () => {
    expectError(await client.get('/v2/team/tags/list'), 404, 'NAME_UNKNOWN')
  })

  it('of blobs only has no tags, and is known', async () => {
    await pushBlob(client, 'blobs-only', 'layer')
    expect((await tagsAt('', 'blobs-only')).tags).toEqual([])
  })

  it('whose manifest was pushed by digest has no tags', async () => {
    await pushImage(client, 'untagged', {})
    expect((await tagsAt('', 'untagged')).tags).toEqual([])
  })

  it('lists a tag once, however often it moved', async () => {
    for (const layer of ['one', 'two', 'one']) {
      await pushImage(client, 'moving', { reference: 'latest', layers: [layer] })
    }
    expect((await tagsAt('', 'moving')).tags).toEqual(['latest'])
  })

  it('loses a tag with its manifest, and keeps its others', async () => {
    const image = await pushImage(client, 'losing', { reference: 'v1', layers: ['one'] })
    await putManifest(client, 'losing/manifests/also', image)
    await pushImage(client, 'losing', { reference: 'other', layers: ['two'] })
    await client.remove(`/v2/losing/manifests/${image.digest}`)
    expect((await tagsAt('', 'losing')).tags).toEqual(['other'])
    await client.remove('/v2/losing/manifests/other')
    expect((await tagsAt('', 'losing')).tags).toEqual([])
  })
})
