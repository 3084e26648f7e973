/** POST with `mount`: a blob of one repository in another, without its bytes being sent again. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { locationOf } from './support/client.ts'
import { pushBlob, sha256, sha512, startUpload } from './support/content.ts'
import { expectError, useRegistry } from './support/suite.ts'

const client = useRegistry()
const digest = sha256('shared')

const mount = (repository: string, query: Record<string, string>) =>
  client.post(`/v2/${repository}/blobs/uploads/?${new URLSearchParams(query)}`)

beforeAll(async () => {
  await pushBlob(client, 'library/base', 'shared')
})

describe('a mount', () => {
  it('makes the blob one of this repository', async () => {
    const answer = await mount('team/one', { mount: digest, from: 'library/base' })
    expect(answer.status).toBe(201)
    expect(answer.headers).toMatchObject({
      location: `/v2/team/one/blobs/${digest}`,
      'docker-content-digest': digest,
      'content-length': '0',
    })
    expect((await client.get(`/v2/team/one/blobs/${digest}`)).text).toBe('shared')
  })

  it('may leave open where from', async () => {
    const answer = await mount('team/two', { mount: digest })
    expect(answer.status).toBe(201)
    expect((await client.get(`/v2/team/two/blobs/${digest}`)).text).toBe('shared')
  })

  it('from the repository itself changes nothing', async () => {
    const answer = await mount('library/base', { mount: digest, from: 'library/base' })
    expect(answer.status).toBe(201)
  })

  it('outlives the blob of the repository it came from', async () => {
    await pushBlob(client, 'short/lived', 'borrowed')
    await mount('team/three', { mount: sha256('borrowed'), from: 'short/lived' })
    await client.remove(`/v2/short/lived/blobs/${sha256('borrowed')}`)
    expect((await client.get(`/v2/team/three/blobs/${sha256('borrowed')}`)).text).toBe('borrowed')
  })

  it('knows a blob under sha512 as well', async () => {
    const path = await startUpload(client, 'library/base')
    const long = sha512('long')
    await client.put(`${path}?digest=${long}`, { body: 'long' })
    const answer = await mount('team/four', { mount: long, from: 'library/base' })
    expect(answer.status).toBe(201)
    const pulled = await client.get(`/v2/team/four/blobs/${long}`)
    expect([pulled.text, pulled.headers['docker-content-digest']]).toEqual(['long', long])
  })
})

describe('a mount that fails', () => {
  const unknown = sha256('unknown')
  const rows: [why: string, query: Record<string, string>][] = [
    ['there is no such blob', { mount: unknown, from: 'library/base' }],
    ['there is no such blob anywhere', { mount: unknown }],
    ['there is no such repository', { mount: digest, from: 'library/none' }],
    ['the blob is not in that repository', { mount: sha256('shared'), from: 'library' }],
    ['no repository can be called so', { mount: digest, from: '../Library' }],
    ['the digest is malformed', { mount: 'sha256:abc', from: 'library/base' }],
    ['the digest is empty', { mount: '', from: 'library/base' }],
    ['only the repository is given', { from: 'library/base' }],
  ]
  it.each(rows)('begins an upload instead: %s', async (_why, query) => {
    const answer = await mount('team/new', query)
    expect(answer.status).toBe(202)
    expect(answer.headers.range).toBe('0-0')
    expectError(await client.get(`/v2/team/new/blobs/${digest}`), 404, 'BLOB_UNKNOWN')

    const bytes = 'pushed after all'
    const ended = await client.put(locationOf(answer, { digest: sha256(bytes) }), { body: bytes })
    expect(ended.status).toBe(201)
  })

  it('takes the bytes that came with it', async () => {
    const bytes = 'in one request'
    const query = new URLSearchParams({ mount: unknown, digest: sha256(bytes) })
    const answer = await client.post(`/v2/team/new/blobs/uploads/?${query}`, { body: bytes })
    expect(answer.status).toBe(201)
    expect((await client.get(`/v2/team/new/blobs/${sha256(bytes)}`)).text).toBe(bytes)
  })
})
