/** Settings that send clients elsewhere: values that are taken, and the messages about all others. */
import { describe, expect, it } from '@jest/globals'
import { storageFrom } from '../../assembly/storage.ts'
import { findUnsupported } from '../../config/support.ts'
import { load, refusal } from './written.ts'

const withMiddleware = (steps: string, kind = 'storage') =>
  `version: 0.1\nstorage: inmemory\nhttp: {addr: ":5000"}\nmiddleware: {${kind}: [${steps}]}\n`
const withStorage = (storage: string) =>
  `version: 0.1\nstorage: {${storage}}\nhttp: {addr: ":5000"}\n`

describe('storage middleware', () => {
  it('is read in its order', async () => {
    const { config, warnings } = await load(
      withMiddleware(`{name: redirect, options: {baseurl: "https://cdn.test/a"}},
        {name: rewrite, options: {scheme: https, host: "cdn.test:81", trimpathprefix: /b}}`),
    )
    expect(config.middleware?.storage).toEqual([
      { name: 'redirect', disabled: false, options: { baseurl: 'https://cdn.test/a' } },
      {
        name: 'rewrite',
        disabled: false,
        options: { scheme: 'https', host: 'cdn.test:81', trimpathprefix: '/b' },
      },
    ])
    expect(warnings).toEqual([])
  })

  const refused: [what: string, steps: string, said: string][] = [
    [
      'cloudfront',
      '{name: cloudfront, options: {baseurl: "https://a", privatekey: /key, keypairid: b}}',
      'middleware.storage.0.name (config.yml:4): found "cloudfront"; must be redirect or rewrite: kura knows no other way to send clients elsewhere',
    ],
    [
      'redirect to nowhere',
      '{name: redirect}',
      'middleware.storage.0.options.baseurl (config.yml:4): must be set for redirect',
    ],
    [
      'redirect to half a URL',
      '{name: redirect, options: {baseurl: cdn.test}}',
      'middleware.storage.0.options.baseurl (config.yml:4): found "cdn.test"; must be an http or https URL',
    ],
    [
      'rewriting to a path',
      '{name: rewrite, options: {host: cdn.test/a}}',
      'middleware.storage.0.options.host (config.yml:4): found "cdn.test/a"; must be a host with or without a port',
    ],
  ]
  it.each(refused)('%s is refused', async (_, steps, said) => {
    expect(await refusal(withMiddleware(steps))).toBe(
      `the configuration cannot be used:\n  ${said}`,
    )
  })

  it('that is not used may be anything', async () => {
    const text = withMiddleware('{name: cloudfront, disabled: true}')
    expect(await refusal(text)).toBe('it can be used')
  })

  it.each(['registry', 'repository'])('is another thing than that of the %s', async (kind) => {
    const { origins } = await load(withMiddleware('{name: some}', kind))
    expect(findUnsupported(origins)).toMatchObject([{ key: `middleware.${kind}`, fatal: true }])
    const storage = await load(withMiddleware('{name: rewrite}'))
    expect(findUnsupported(storage.origins)).toEqual([])
  })
})

describe('the address that clients know', () => {
  const s3 = (endpoint: string) =>
    withStorage(`s3: {bucket: a, region: b, redirectendpoint: "${endpoint}"}`)

  it.each(['https://s3.test', 'http://s3.test:9000', 'https://s3.test/', 'https://[::1]:9000'])(
    'may be %s',
    async (endpoint) => {
      const { config } = await load(s3(endpoint))
      expect(storageFrom(config)).toMatchObject({ redirectendpoint: endpoint })
    },
  )

  it.each([
    's3.test',
    'ftp://s3.test',
    'https://s3.test/registry',
    'https://s3.test?a=b',
    'https://s3.test#a',
    'https://me@s3.test',
    'https://',
  ])('may not be %s', async (endpoint) => {
    expect(await refusal(s3(endpoint))).toMatch(
      /storage\.s3\.redirectendpoint \(config\.yml:2\): found "[^ ]+"; must be an http or https URL with nothing behind the host$/,
    )
  })
})

describe('the URLs of a bucket', () => {
  const redirect = (keys: string) => withStorage(`s3: {bucket: a, region: b}, redirect: {${keys}}`)

  it('are good for 20 minutes, or as long as is written', async () => {
    for (const [keys, urlLifetimeMs] of [
      ['', 1_200_000],
      ['expiry: 90s', 90_000],
      ['expiry: 168h', 604_800_000],
    ] as const) {
      expect(storageFrom((await load(redirect(keys))).config)).toMatchObject({ urlLifetimeMs })
    }
  })

  it('are for blobs of a size that makes it worth the way', async () => {
    const { config } = await load(redirect(''))
    expect(config.storage.redirect).toMatchObject({ disable: false, minsize: 131_072 })
  })

  it.each(['169h', '0s', '-1m', 'long'])('cannot be good for %s', async (expiry) => {
    expect(await refusal(redirect(`expiry: ${expiry}`))).toMatch(
      /storage\.redirect\.expiry \(config\.yml:2\): found ".+"; must be/,
    )
  })
})
