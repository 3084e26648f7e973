/** GET /v2/_catalog: which repositories are listed, in what order, and in pages. */
import { describe, expect, it } from '@jest/globals'
import { type Client, jsonOf, nextOf } from './support/client.ts'
import { packIndex, pushBlob, pushImage, putManifest } from './support/content.ts'
import { expectError, useRegistry } from './support/suite.ts'

async function namesAt(client: Pick<Client, 'get'>, query = '') {
  const answer = await client.get(`/v2/_catalog${query}`)
  expect(answer.status).toBe(200)
  expect(answer.headers['content-type']).toBe('application/json')
  expect(answer.text).toMatch(/\n$/)
  return { names: jsonOf<{ repositories: string[] }>(answer).repositories, next: nextOf(answer) }
}

/** An empty index is the least that makes a repository one. */
async function make(client: Pick<Client, 'post' | 'put'>, repository: string) {
  const pushed = await putManifest(client, `${repository}/manifests/latest`, packIndex([]))
  expect(pushed.status).toBe(201)
}

describe('a catalog', () => {
  const client = useRegistry()

  it('is empty at first', async () => {
    expect(await namesAt(client)).toEqual({ names: [], next: undefined })
  })

  it('lists what holds manifests, part by part, and no more', async () => {
    const expected = ['a', 'a/b', 'a/b/c', 'a/z', 'a-b', 'a.b', 'a0', 'b/c/d/e']
    for (const name of [...expected].reverse()) await make(client, name)
    await pushBlob(client, 'only/blobs', 'layer')
    expect((await namesAt(client)).names).toEqual(expected)
  })

  it('comes in pages that follow each other and end', async () => {
    const all = (await namesAt(client)).names
    for (const n of [1, 2, 3, 7, 8, 9]) {
      const seen: string[] = []
      let path: string | undefined = `?n=${n}`
      while (path !== undefined) {
        const page = await namesAt(client, path)
        expect(page.names.length).toBeLessThanOrEqual(n)
        expect(page.names.length).toBeGreaterThan(0)
        seen.push(...page.names)
        path = page.next?.replace('/v2/_catalog', '')
      }
      expect(seen).toEqual(all)
    }
  })

  const after: [last: string, first: string | undefined][] = [
    ['a', 'a/b'],
    ['a/b', 'a/b/c'],
    ['a/b/c', 'a/z'],
    ['a/m', 'a/z'],
    ['a/z', 'a-b'],
    ['a0', 'b/c/d/e'],
    ['b', 'b/c/d/e'],
    ['b/c/d/e', undefined],
    ['zzz', undefined],
    ['../..', 'a'],
  ]
  it.each(after)('goes on after %s, whether or not it is one', async (last, first) => {
    const { names } = await namesAt(client, `?n=1&last=${encodeURIComponent(last)}`)
    expect(names).toEqual(first === undefined ? [] : [first])
  })

  it('links to the next page with keys in order and values escaped', async () => {
    expect((await namesAt(client, '?n=2')).next).toBe('/v2/_catalog?last=a%2Fb&n=2')
  })

  it('has no page of nothing', async () => {
    expect(await namesAt(client, '?n=0')).toEqual({ names: [], next: undefined })
  })

  const bad: [n: string, found: unknown][] = [
    ['-1', '-1'],
    ['x', 'x'],
    ['1.5', '1.5'],
    ['1001', 1001],
    ['99999999999', 99_999_999_999],
  ]
  it.each(bad)('refuses a page of %s', async (n, found) => {
    const [detail] = expectError(
      await client.get(`/v2/_catalog?n=${n}`),
      400,
      'PAGINATION_NUMBER_INVALID',
    )
    expect(detail).toMatchObject({ n: found })
  })

  it('keeps a repository whose tags are all gone', async () => {
    const image = await pushImage(client, 'emptied', { reference: 'v1' })
    await client.remove(`/v2/emptied/manifests/${image.digest}`)
    expect((await namesAt(client)).names).toContain('emptied')
  })
})

describe('a catalog of many', () => {
  const client = useRegistry({ driver: 'inmemory', rules: { largestCatalogPage: 150 } })

  it('has pages of 100 unless asked otherwise, and of no more than it allows', async () => {
    for (let at = 0; at < 151; at++) await make(client, `r${String(at).padStart(3, '0')}`)
    const usual = await namesAt(client)
    expect(usual.names).toHaveLength(100)
    expect(usual.next).toBe('/v2/_catalog?last=r099&n=100')

    const largest = await namesAt(client, '?n=150')
    expect(largest.names).toHaveLength(150)
    expect(largest.next).toBe('/v2/_catalog?last=r149&n=150')
    const refused = await client.get('/v2/_catalog?n=151')
    const [detail] = expectError(refused, 400, 'PAGINATION_NUMBER_INVALID')
    expect(detail).toEqual({ n: 151, allowed: 150 })
    expect(refused.text).toContain('150 are allowed (catalog.maxentries)')
  })
})

describe('a catalog with a small limit', () => {
  const client = useRegistry({ driver: 'inmemory', rules: { largestCatalogPage: 2 } })

  it('does not exceed it when nothing is asked for', async () => {
    for (const name of ['a', 'b', 'c']) await make(client, name)
    expect(await namesAt(client)).toEqual({ names: ['a', 'b'], next: '/v2/_catalog?last=b&n=2' })
  })
})
