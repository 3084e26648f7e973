/** Where clients are sent for a value: what a storage says, what is put around it, what is left of it. */
import { describe, expect, it } from '@jest/globals'
import type { FindUrl } from '../../../registry/storage/driver.ts'
import { type Step, withMiddleware, withUrlRules } from '../../../registry/storage/redirects.ts'

const path = 'docker/registry/v2/blobs/sha256/ab/abc/data'
const signed = `https://bucket.s3.test:8443/root/${path}?X-Amz-Date=1&X-Amz-Signature=a%2Fb`

const none = undefined
const signing: FindUrl = async () => signed

const redirect = (baseurl: string): Step => ({ name: 'redirect', options: { baseurl } })
const rewrite = (options: Step['options']): Step => ({ name: 'rewrite', options })
const urlOf = (findUrl: FindUrl | undefined, size = 1) => findUrl?.(path, { size })

describe('redirect', () => {
  const rows: [baseurl: string, found: string][] = [
    ['https://cdn.test', `https://cdn.test/${path}`],
    ['https://cdn.test/', `https://cdn.test/${path}`],
    ['http://cdn.test:81/a/b', `http://cdn.test:81/a/b/${path}`],
    ['https://cdn.test/a//b/../c/', `https://cdn.test/a/c/${path}`],
    ['https://cdn.test/a%20b', `https://cdn.test/a%20b/${path}`],
    ['https://me:secret@cdn.test/a?key=b#c', `https://cdn.test/a/${path}`],
  ]
  it.each(rows)('puts everything below %s', async (baseurl, found) => {
    for (const given of [none, signing]) {
      expect(await urlOf(withMiddleware(given, [redirect(baseurl)]))).toBe(found)
    }
  })
})

describe('rewrite', () => {
  const rest = `${path}?X-Amz-Date=1&X-Amz-Signature=a%2Fb`
  const rows: [options: Step['options'], found: string][] = [
    [{}, signed],
    [{ scheme: 'http' }, `http://bucket.s3.test:8443/root/${rest}`],
    [{ host: 'cdn.test' }, `https://cdn.test/root/${rest}`],
    [{ host: 'cdn.test:99' }, `https://cdn.test:99/root/${rest}`],
    [{ trimpathprefix: '/root' }, `https://bucket.s3.test:8443/${rest}`],
    [{ trimpathprefix: '/root/' }, `https://bucket.s3.test:8443/${rest}`],
    [{ trimpathprefix: '/other' }, signed],
    [{ scheme: 'http', host: 'cdn.test', trimpathprefix: '/root' }, `http://cdn.test/${rest}`],
  ]
  it.each(rows)('with %j', async (options, found) => {
    expect(await urlOf(withMiddleware(signing, [rewrite(options)]))).toBe(found)
  })

  it('makes no URL where there was none', async () => {
    expect(withMiddleware(none, [rewrite({ host: 'cdn.test' })])).toBeUndefined()
    const silent: FindUrl = async () => undefined
    expect(await urlOf(withMiddleware(silent, [rewrite({ host: 'cdn.test' })]))).toBeUndefined()
  })
})

describe('several', () => {
  const [moved, based] = [rewrite({ host: 'cdn.test' }), redirect('https://base.test')]

  it('change what the one before them made', async () => {
    expect(await urlOf(withMiddleware(none, [based, moved]))).toBe(`https://cdn.test/${path}`)
  })

  it('leave the last word to the last', async () => {
    expect(await urlOf(withMiddleware(none, [moved, based]))).toBe(`https://base.test/${path}`)
  })
})

it.each(['cloudfront', 'constructor', ''])('%p is refused by its name', (name) => {
  expect(() => withMiddleware(none, [{ name, options: {} }])).toThrow(
    `middleware.storage: "${name}" is not supported: allowed are redirect and rewrite`,
  )
})

it('without any of it the URLs are what they were', () => {
  for (const given of [none, signing]) expect(withMiddleware(given, [])).toBe(given)
})

describe('the rules', () => {
  const limited = (disable: boolean, minsize: number) => withUrlRules(signing, { disable, minsize })

  it('let all URLs through', async () => {
    expect(await urlOf(limited(false, 0), 0)).toBe(signed)
  })

  it('leave out what is smaller', async () => {
    expect(await urlOf(limited(false, 100), 99)).toBeUndefined()
    expect(await urlOf(limited(false, 100), 100)).toBe(signed)
  })

  it('leave out all URLs', () => {
    expect(limited(true, 0)).toBeUndefined()
  })
})
