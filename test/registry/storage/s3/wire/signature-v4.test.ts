/** Our signatures of version 4 are those of the SDK, whatever is signed. */
import { createHash } from 'node:crypto'
import { S3Client } from '@aws-sdk/client-s3'
import { expect, it } from '@jest/globals'
import {
  assert,
  asyncProperty,
  constantFrom,
  date,
  dictionary,
  option,
  record,
  string,
} from 'fast-check'
import { createSignerV4, encode } from '../../../../../registry/storage/s3/wire/signature-v4.ts'

const scope = { region: 'eu-west-1', service: 's3' }
const text = string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(
  (it) => it !== '__proto__',
)
const value = string({ minLength: 1, maxLength: 20 })
const name = string({ unit: constantFrom(...'abcxyz-'), minLength: 1, maxLength: 8 })
/** Some are never signed, and one has a value of its own. */
const used = new Set(['connection', 'te', 'from', 'expect', 'host'])

const signing = record({
  method: constantFrom('GET', 'HEAD', 'PUT'),
  key: text,
  query: dictionary(text, string(), { noNullPrototype: true }),
  own: dictionary(name, value),
  body: string(),
  time: date({ min: new Date('2001-01-01'), max: new Date('2099-01-01'), noInvalidDate: true }),
  secretAccessKey: text,
  sessionToken: option(name, { nil: undefined }),
})

it('signs as the SDK does', async () => {
  const sign = createSignerV4(scope)
  const same = asyncProperty(
    signing,
    async ({ method, key, query, own, body, time, ...secret }) => {
      const path = `/bucket/${key.split('/').map(encode).join('/')}`
      const payload = createHash('sha256').update(body).digest('hex')
      const extra = Object.entries(own).filter(([it]) => !used.has(it) && !/^(sec|proxy)-/.test(it))
      const headers = {
        host: 'localhost:80',
        'user-agent': 'kura',
        'x-amz-content-sha256': payload,
        ...Object.fromEntries(extra),
      }
      const keys = { accessKeyId: 'key', ...secret }
      const client = new S3Client({ region: scope.region, credentials: keys })
      const authScheme = { name: 'sigv4', signingName: 's3', signingRegion: scope.region }
      const signer = await client.config.signer({ ...authScheme, properties: {} })
      const request = { method, path, query, headers, protocol: 'http:', hostname: 'localhost' }
      const expected = await signer.sign(structuredClone(request), { signingDate: time })

      const signed = sign(request, { keys, date: time, payload })
      expect(signed).toEqual(expected.headers)
      client.destroy()
    },
  )
  await assert(same, { numRuns: 300 })
})

it('signs with the key of the day and of the secret, whichever came before', () => {
  const request = { method: 'GET', path: '/', query: {}, headers: { host: 'a' } }
  const [one, other] = [createSignerV4(scope), createSignerV4(scope)]
  const calls = ['2026-01-01T23:59:59Z', '2026-01-02T00:00:00Z'].flatMap((time) =>
    ['secret', 'other'].map((secretAccessKey) => ({
      keys: { accessKeyId: 'key', secretAccessKey },
      date: new Date(time),
      payload: 'UNSIGNED-PAYLOAD',
    })),
  )
  const signatures = [...calls, ...calls].map((call) => one(request, call).authorization)
  expect(new Set(signatures).size).toBe(calls.length)
  const again = calls.toReversed().map((call) => other(request, call).authorization)
  expect(again.toReversed()).toEqual(signatures.slice(0, calls.length))
})
