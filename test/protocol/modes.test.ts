/** A registry that is read-only, and one where nothing may be deleted. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startRegistry } from '../support/registry.ts'
import { createClient } from './support/client.ts'
import { packImage, pushImage, sha256 } from './support/content.ts'
import { expectError, useRegistry } from './support/suite.ts'

const image = packImage(['layer'])
const blob = `/v2/a/blobs/${sha256('layer')}`
const root = await mkdtemp(join(tmpdir(), 'kura-modes-'))

beforeAll(async () => {
  const filling = await startRegistry({ root })
  const client = createClient(() => filling.url)
  await pushImage(client, 'a', { reference: 'latest' })
  client.close()
  await filling.close()
})
afterAll(() => rm(root, { recursive: true }))

describe('a read-only registry', () => {
  const client = useRegistry({ root, rules: { readOnly: true } })

  it.each([
    '/v2/',
    '/v2/_catalog',
    '/v2/a/tags/list',
    '/v2/a/manifests/latest',
    `/v2/a/manifests/${image.digest}`,
    blob,
    `/v2/a/referrers/${image.digest}`,
  ])('answers GET %s', async (path) => {
    expect((await client.get(path)).status).toBe(200)
  })

  const changes: [method: string, path: string][] = [
    ['POST', '/v2/a/blobs/uploads/'],
    ['POST', `/v2/b/blobs/uploads/?mount=${sha256('layer')}&from=a`],
    ['PATCH', '/v2/a/blobs/uploads/some-id'],
    ['PUT', `/v2/a/blobs/uploads/some-id?digest=${sha256('layer')}`],
    ['DELETE', '/v2/a/blobs/uploads/some-id'],
    ['PUT', '/v2/a/manifests/latest'],
    ['DELETE', '/v2/a/manifests/latest'],
    ['DELETE', `/v2/a/manifests/${image.digest}`],
    ['DELETE', blob],
  ]
  it.each(changes)('refuses %s %s, and says what it allows', async (method, path) => {
    const body = method === 'DELETE' ? undefined : 'something large enough'.repeat(1000)
    const answer = await client.send(method, path, { body })
    expectError(answer, 405, 'UNSUPPORTED')
    expect(answer.headers.allow).toBe('GET, HEAD')
  })

  it('is left as it was', async () => {
    expect((await client.get('/v2/a/manifests/latest')).body.equals(image.bytes)).toBe(true)
    expect((await client.get(blob)).text).toBe('layer')
  })
})

describe('a registry where deleting is switched off', () => {
  const client = useRegistry({ root, rules: { deleteEnabled: false } })

  it.each([
    '/v2/a/manifests/latest',
    `/v2/a/manifests/${image.digest}`,
    '/v2/a/manifests/unknown',
    blob,
    `/v2/none/blobs/${sha256('unknown')}`,
  ])('refuses DELETE %s', async (path) => {
    expectError(await client.remove(path), 405, 'UNSUPPORTED')
  })

  it('still lets a client push, and give up an upload', async () => {
    const started = await client.post('/v2/a/blobs/uploads/')
    expect((await client.remove(started.headers.location ?? '')).status).toBe(204)
    await pushImage(client, 'b', { reference: 'latest' })
  })

  it('is left as it was', async () => {
    expect((await client.get('/v2/a/manifests/latest')).status).toBe(200)
    expect((await client.get(blob)).status).toBe(200)
  })
})
