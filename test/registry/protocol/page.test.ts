/** Pages: how many, after what, and the link to the next one. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { RegistryError } from '../../../registry/protocol/errors.ts'
import { nextLink, parsePage, takePage } from '../../../registry/protocol/page.ts'
import { thrownBy } from './arbitrary.ts'

async function* each<T>(items: T[], onTake?: () => void) {
  for (const item of items) {
    onTake?.()
    yield item
  }
}

describe('the parameters of a page', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(fc.nat({ max: 999_999_999 }), fc.string(), (n, last) => {
        const query = new URLSearchParams({ n: String(n), last })
        expect(parsePage(query)).toEqual({ size: n, last: query.get('last') })
      }),
    )
  })

  it('are left to the server when they are not given', () => {
    expect(parsePage(new URLSearchParams())).toEqual({ size: undefined, last: undefined })
    expect(parsePage(new URLSearchParams('n=')).size).toBeUndefined()
  })

  const bad = ['-1', 'x', '1.5', '1e3', ' 1', '+1', '0x1', '٣', 'NaN', 'Infinity', '1'.repeat(400)]
  it.each(bad)('may not have %j as n', (n) => {
    const error = thrownBy(() => parsePage(new URLSearchParams({ n })))
    expect(error).toBeInstanceOf(RegistryError)
    expect(error).toMatchObject({ reason: 'badPage', details: [{ n: n.slice(0, 50) }] })
  })
})

describe('the link to the next page', () => {
  it('carries whatever the last item is called, with its keys in order', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (last, n) => {
        const link = nextLink('/v2/a/tags/list', { n, last })
        const [, path, query = ''] = /^<([^?>]+)\?([^>]*)>; rel="next"$/.exec(link) ?? []
        expect(path).toBe('/v2/a/tags/list')
        expect([...new URLSearchParams(query)]).toEqual([
          ['last', last],
          ['n', String(n)],
        ])
        // Nothing in it may end a header early.
        expect(link).toMatch(/^[\x20-\x7e]+$/)
      }),
    )
  })
})

describe('taking a page', () => {
  it('gives the first so many, and says truly whether there are more', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat()), fc.nat({ max: 30 }), async (items, size) => {
        const page = await takePage(each(items), size)
        expect(page.items).toEqual(items.slice(0, size))
        expect(page.more).toBe(size > 0 && items.length > size)
      }),
    )
  })

  it('gives all of them when there is no limit', async () => {
    const page = await takePage(each([1, 2, 3]), Number.POSITIVE_INFINITY)
    expect(page).toEqual({ items: [1, 2, 3], more: false })
  })

  it('looks one item further and not more', async () => {
    let taken = 0
    await takePage(
      each([1, 2, 3, 4, 5], () => taken++),
      2,
    )
    expect(taken).toBe(3)
  })
})
