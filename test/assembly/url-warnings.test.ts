/** A bucket at an address that clients of other machines cannot reach is spoken of at start. */
import { expect, it } from '@jest/globals'
import { urlWarnings } from '../../assembly/storage.ts'
import { load } from '../config/written.ts'

async function warningsFor(s3: string, rest = '', after = ''): Promise<string[]> {
  const storage = `storage: {s3: {bucket: a, region: b, ${s3}}${rest}}`
  const { config } = await load(`version: 0.1\n${storage}\nhttp: {addr: ":5000"}\n${after}`)
  return urlWarnings(config)
}

it.each([
  ['http://127.0.0.1:9000', 'http://127.0.0.1:9000'],
  ['http://localhost:9000', 'http://localhost:9000'],
  ['http://[::1]:9000/', 'http://[::1]:9000'],
  ['https://s3.localhost', 'https://s3.localhost'],
  ['http://minio:9000', 'http://minio:9000'],
  ['minio:9000', 'https://minio:9000'],
])('%s is named', async (endpoint, shown) => {
  expect(await warningsFor(`regionendpoint: "${endpoint}"`)).toEqual([
    `clients are sent to ${shown} for blobs: set storage.s3.redirectendpoint to the one they can reach, or storage.redirect.disable to true`,
  ])
})

const near = 'regionendpoint: "http://minio:9000"'
const cdn = 'middleware: {storage: [{name: rewrite, options: {host: cdn.test}}]}\n'

it.each([
  ['of Amazon', '', '', ''],
  ['with a name for all', 'regionendpoint: "https://s3.test"', '', ''],
  ['with an address for all', 'regionendpoint: "http://192.0.2.1:9000"', '', ''],
  ['with another one for clients', `${near}, redirectendpoint: "https://s3.test"`, '', ''],
  ['to which nobody is sent', near, ', redirect: {disable: true}', ''],
  ['whose URLs are changed', near, '', cdn],
])('nothing is said of one %s', async (_, s3, rest, after) => {
  expect(await warningsFor(s3, rest, after)).toEqual([])
})

it('the address for clients can be wrong, too', async () => {
  const both = 'regionendpoint: "https://s3.test", redirectendpoint: "http://minio:9000"'
  expect((await warningsFor(both))[0]).toContain('http://minio:9000')
})
