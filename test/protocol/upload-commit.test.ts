/** PUT /v2/<name>/blobs/uploads/<id>?digest=: an upload becomes a blob, once it is what it claims to be. */
import { appendFile, mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { pushBlob, sha256, sha512, startUpload, uploadAt } from './support/content.ts'
import { expectError, useRegistry } from './support/suite.ts'

const client = useRegistry()
const start = () => startUpload(client, 'a')
const blob = (digest: string) => client.get(`/v2/a/blobs/${digest}`)

function folderOf(path: string): string {
  const [, , repository = '', , , id = ''] = path.split('/')
  return join(
    client.registry().root,
    `docker/registry/v2/repositories/${repository}/_uploads/${id}`,
  )
}

describe('PUT', () => {
  const ways: [what: string, patches: string[], last: string | undefined][] = [
    ['the whole blob in its body', [], 'abcdef'],
    ['all bytes sent before', ['abcdef'], undefined],
    ['an empty body and all bytes sent before', ['abcdef'], ''],
    ['the last chunk in its body', ['ab', 'cd'], 'ef'],
    ['many chunks sent before', ['a', 'b', 'c', 'd', 'e', 'f'], undefined],
  ]
  it.each(ways)('makes a blob with %s', async (_what, patches, last) => {
    for (const digest of [sha256('abcdef'), sha512('abcdef')]) {
      const path = await start()
      for (const body of patches) await client.patch(path, { body })
      const answer = await client.put(`${path}?digest=${digest}`, { body: last })
      expect(answer.status).toBe(201)
      expect(answer.headers).toMatchObject({
        location: `/v2/a/blobs/${digest}`,
        'docker-content-digest': digest,
        'content-length': '0',
      })
      expect((await blob(digest)).text).toBe('abcdef')
      expectError(await client.get(path), 404, 'BLOB_UPLOAD_UNKNOWN')
    }
  })

  it('takes the last chunk without its length', async () => {
    const path = await start()
    await client.patch(path, { body: 'abc' })
    const headers = { 'Transfer-Encoding': 'chunked' }
    const answer = await client.put(`${path}?digest=${sha256('abcxyz')}`, { body: 'xyz', headers })
    expect(answer.status).toBe(201)
  })

  it('takes the last chunk in order, and no other', async () => {
    const path = await start()
    await client.patch(path, { body: 'abc' })
    const to = `${path}?digest=${sha256('abcdef')}`
    for (const range of ['0-2', '2-4', '6-8']) {
      const answer = await client.put(to, { body: 'def', headers: { 'Content-Range': range } })
      expectError(answer, 416, 'RANGE_INVALID')
      expect(answer.headers).toMatchObject({ location: uploadAt(path), range: '0-2' })
    }
    const wrong = await client.put(to, { body: 'def', headers: { 'Content-Range': '3-4' } })
    expectError(wrong, 400, 'SIZE_INVALID')
    const right = await client.put(to, { body: 'def', headers: { 'Content-Range': '3-5' } })
    expect(right.status).toBe(201)
  })

  it('may be sent again by a client that missed the answer, body and all', async () => {
    const path = await start()
    const to = `${path}?digest=${sha256('again')}`
    for (const body of ['again', 'again', '']) {
      const answer = await client.put(to, { body })
      expect(answer.status).toBe(201)
      expect(answer.headers.location).toBe(`/v2/a/blobs/${sha256('again')}`)
    }
    expectError(await client.put(`${path}?digest=${sha256('x')}`), 404, 'BLOB_UPLOAD_UNKNOWN')
  })

  it('of a blob that is there already is as good as new', async () => {
    await pushBlob(client, 'a', 'known')
    await pushBlob(client, 'a', 'known')
    expect((await blob(sha256('known'))).text).toBe('known')
  })

  it('leaves nothing of the upload behind', async () => {
    const path = await start()
    await client.put(`${path}?digest=${sha256('tidy')}`, { body: 'tidy' })
    expect(await readdir(folderOf(path)).catch(() => 'gone')).toBe('gone')
  })
})

describe('a wrong digest', () => {
  it.each([
    ['sha256', sha256('other')],
    ['sha512', sha512('other')],
  ])('of %s is refused, and the upload can still be ended', async (_algorithm, digest) => {
    const path = await start()
    await client.patch(path, { body: 'abc' })
    const answer = await client.put(`${path}?digest=${digest}`)
    const [detail] = expectError(answer, 400, 'DIGEST_INVALID')
    expect(detail).toMatchObject({ digest })
    expectError(await blob(digest), 404, 'BLOB_UNKNOWN')
    expectError(await blob(sha256('abc-refused')), 404, 'BLOB_UNKNOWN')

    expect((await client.get(path)).headers.range).toBe('0-2')
    expect((await client.put(`${path}?digest=${sha256('abc')}`)).status).toBe(201)
  })

  it('cannot be made up by the bytes of another upload', async () => {
    const path = await start()
    const answer = await client.put(`${path}?digest=${sha256('never seen')}`)
    expectError(answer, 400, 'DIGEST_INVALID')
    expectError(await blob(sha256('never seen')), 404, 'BLOB_UNKNOWN')
  })

  const missing: [query: string, code: string][] = [
    ['', 'DIGEST_INVALID'],
    ['?digest=', 'DIGEST_INVALID'],
    ['?digest=sha256:abc', 'DIGEST_INVALID'],
    [`?digest=md5:${'a'.repeat(32)}`, 'DIGEST_INVALID'],
    ['?digest=latest', 'DIGEST_INVALID'],
  ]
  it.each(missing)('of the form %j is refused before anything is taken', async (query, code) => {
    const path = await start()
    expectError(await client.put(path + query, { body: 'abc' }), 400, code)
    expect((await client.get(path)).headers.range).toBe('0-0')
  })
})

describe('an upload that something else has touched', () => {
  it('is read again, so that what is stored is what was claimed', async () => {
    const path = await start()
    await client.patch(path, { body: 'abc' })
    await appendFile(join(folderOf(path), 'data'), 'def')
    expectError(await client.put(`${path}?digest=${sha256('abc')}`), 400, 'DIGEST_INVALID')
    expect((await client.put(`${path}?digest=${sha256('abcdef')}`)).status).toBe(201)
    expect((await blob(sha256('abcdef'))).text).toBe('abcdef')
  })

  it('is read again even when it is as long as before', async () => {
    const path = await start()
    await client.patch(path, { body: 'abc' })
    const data = join(folderOf(path), 'data')
    await writeFile(data, 'xyz')
    await utimes(data, new Date(0), new Date(0))
    expectError(await client.put(`${path}?digest=${sha256('abc')}`), 400, 'DIGEST_INVALID')
    expect((await client.put(`${path}?digest=${sha256('xyz')}`)).status).toBe(201)
  })

  it('has lost what we remember of it, and still ends well', async () => {
    for (const state of ['', '{', '{"algorithm":"md5"}', '[]']) {
      const path = await start()
      await client.patch(path, { body: `abc${state}` })
      await writeFile(join(folderOf(path), 'state.json'), state)
      await client.patch(path, { body: 'def' })
      const answer = await client.put(`${path}?digest=${sha256(`abc${state}def`)}`)
      expect(answer.status).toBe(201)
    }
  })

  it('has lost the time when it began, and still ends well', async () => {
    const path = await start()
    await writeFile(join(folderOf(path), 'startedat'), '')
    await client.patch(path, { body: 'when?' })
    expect((await client.get(path)).headers.range).toBe('0-4')
    expect((await client.put(`${path}?digest=${sha256('when?')}`)).status).toBe(201)
  })

  it('was begun by an earlier registry, and can be gone on with', async () => {
    const path = '/v2/a/blobs/uploads/0199c0de-0000-7000-8000-000000000000'
    const folder = folderOf(path)
    await mkdir(join(folder, 'hashstates/sha256'), { recursive: true })
    await writeFile(join(folder, 'hashstates/sha256/3'), 'binary')
    await writeFile(join(folder, 'startedat'), '2026-11-21T05:58:45Z')
    await writeFile(join(folder, 'data'), 'abc')
    expect((await client.get(path)).headers.range).toBe('0-2')
    await client.patch(path, { body: 'def', headers: { 'Content-Range': '3-5' } })
    expect((await client.put(`${path}?digest=${sha256('abcdef')}`)).status).toBe(201)
    expect(await readdir(dirname(folder))).not.toContain(path.split('/').at(-1))
  })
})
