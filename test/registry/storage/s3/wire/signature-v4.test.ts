/** Signatures of version 4: those that Amazon publishes, and ones that a real service accepts. */
import { expect, it } from '@jest/globals'
import { createSignerV4 } from '../../../../../registry/storage/s3/wire/signature-v4.ts'

const keys = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}
const host = 'examplebucket.s3.amazonaws.com'
const day = new Date('2013-05-24T00:00:00Z')

type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string }

type Request = {
  method?: string
  path?: string
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: string
}

function createSign(secrets: () => Keys = () => keys) {
  const signer = createSignerV4({
    region: 'us-east-1',
    service: 's3',
    credentials: async () => secrets(),
  })
  return async ({ headers, ...request }: Request, signingDate = day) => {
    const usual = { method: 'GET', path: '/', protocol: 'https:', hostname: host }
    const signed = { ...usual, ...request, headers: { host, ...headers } }
    return (await signer.sign(signed, { signingDate })).headers
  }
}

const signatureOf = ({ authorization = '' }: Record<string, string>) =>
  /Signature=(\w+)$/.exec(authorization)?.[1]

/** From "Authenticating Requests: Using the Authorization Header" of the service's API reference. */
const published: [request: Request, signature: string][] = [
  [
    { path: '/test.txt', headers: { range: 'bytes=0-9' } },
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  [
    { query: { lifecycle: '' } },
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  ],
  [
    { query: { 'max-keys': '2', prefix: 'J' } },
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
]

it.each(published)('signs %j as Amazon does', async (request, signature) => {
  const signed = await createSign()(request)
  expect(signatureOf(signed)).toBe(signature)
})

it('signs the hash of the body, or what a header says in place of it', async () => {
  const sign = createSign()
  const request = { method: 'PUT', body: 'Welcome to Amazon S3.' }
  const hash = '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072'
  const hashed = await sign(request)
  expect(hashed['x-amz-content-sha256']).toBe(hash)
  const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
  const unsigned = await sign({ ...request, headers })
  expect(unsigned['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD')
  expect(signatureOf(unsigned)).not.toBe(signatureOf(hashed))
})

it('signs the token of keys that are lent for a while', async () => {
  const lent = await createSign(() => ({ ...keys, sessionToken: 'token' }))({})
  expect(lent).toMatchObject({
    'x-amz-security-token': 'token',
    authorization: expect.stringContaining(';x-amz-security-token,'),
  })
})

it('signs with the key of the day and of the secret, whichever came before', async () => {
  let secretAccessKey = 'secret'
  const sign = createSign(() => ({ accessKeyId: 'key', secretAccessKey }))
  const calls = ['2026-01-01T23:59:59Z', '2026-01-02T00:00:00Z'].flatMap((time) =>
    ['secret', 'other'].map((secret) => ({ time: new Date(time), secret })),
  )
  const signatures: (string | undefined)[] = []
  for (const { time, secret } of [...calls, ...calls.toReversed()]) {
    secretAccessKey = secret
    signatures.push(signatureOf(await sign({}, time)))
  }
  const first = signatures.slice(0, calls.length)
  expect(new Set(first).size).toBe(calls.length)
  expect(signatures.slice(calls.length)).toEqual(first.toReversed())
})
