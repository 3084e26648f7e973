/** Bodies where none has a meaning are refused with their connection; one without bytes is none. */
import { describe, expect, it } from '@jest/globals'
import { pushBlob, sha256 } from './support/content.ts'
import { exchange, head } from './support/raw.ts'
import { expectError, useRegistry } from './support/suite.ts'

const client = useRegistry()
const methods = ['GET', 'HEAD', 'DELETE', 'OPTIONS']

describe.each(methods)('%s with a body', (method) => {
  const path = `/v2/a/blobs/${sha256('kept')}`

  it('is refused before anything is done, and the connection is closed', async () => {
    await pushBlob(client, 'a', 'kept')
    const answer = await client.send(method, path, { body: 'x' })
    expect(answer.status).toBe(400)
    expect(answer.headers.connection).toBe('close')
    if (method !== 'HEAD') expectError(answer, 400, 'UNSUPPORTED')
    expect((await client.head(path)).status).toBe(200)
  })

  it('is taken when chunks that have no bytes frame it', async () => {
    const headers = { 'Transfer-Encoding': 'chunked' }
    const answer = await client.send(method, path, { headers })
    expect([200, 202]).toContain(answer.status)
    await pushBlob(client, 'a', 'kept')
  })

  it('is refused when its length is not said', async () => {
    const headers = { 'Transfer-Encoding': 'chunked' }
    const answer = await client.send(method, path, { headers, body: 'x' })
    expect(answer.status).toBe(400)
    expect(answer.headers.connection).toBe('close')
  })

  it('is taken when the body has no bytes', async () => {
    const answer = await client.send(method, path, { headers: { 'Content-Length': '0' } })
    expect([200, 202]).toContain(answer.status)
  })
})

it('a second request hidden in a body is never answered', async () => {
  const hidden = head('GET /v2/_catalog')
  const outer = head('GET /v2/', { 'Content-Length': hidden.length })
  const text = await exchange(client.registry().port, outer + hidden)
  expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
  expect(text).toMatch(/^HTTP\/1\.1 400 /)
})

it('two lengths, or a length beside chunks, are refused', async () => {
  const rows: Record<string, string | number>[] = [
    { 'Content-Length': 1, 'content-length': 2 },
    { 'Content-Length': 5, 'Transfer-Encoding': 'chunked' },
  ]
  for (const headers of rows) {
    const request = `${head('POST /v2/a/blobs/uploads/', headers)}0\r\n\r\n`
    expect(await exchange(client.registry().port, request)).toMatch(/^HTTP\/1\.1 400 /)
  }
})
