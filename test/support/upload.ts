/** An upload whose body is under way: begun, partly received, and left in the middle by its test. */
import { begin, next, receivedBytes, send, withQuery } from './http.ts'
import { until } from './processes.ts'
import { chunkHeaders, expectStatus } from './push.ts'

/** Sends `part` and leaves the request open; resolves once the registry has at least `received` of it. */
export async function beginUpload(url: string, repository: string, part: Buffer, received: number) {
  const begun = await send('POST', `${url}/v2/${repository}/blobs/uploads/`)
  expectStatus(begun, 202)
  const upload = next(begun, url)
  const { request, answer } = begin('PATCH', upload, { headers: chunkHeaders })
  request.write(part)
  await until(async () => (await receivedOf(upload)) >= received)
  return { upload, id: begun.headers['docker-upload-uuid'] as string, request, answer }
}

export async function receivedOf(upload: string): Promise<number> {
  const status = await send('GET', upload)
  expectStatus(status, 204)
  return receivedBytes(status)
}

/** Sends what is missing of `bytes`, and makes it a blob. */
export async function finishUpload(upload: string, bytes: Buffer, digest: string): Promise<void> {
  const from = await receivedOf(upload)
  const headers = { ...chunkHeaders, 'Content-Range': `${from}-${bytes.length - 1}` }
  let target = upload
  if (from < bytes.length) {
    const patched = await send('PATCH', upload, { headers, body: bytes.subarray(from) })
    expectStatus(patched, 202)
    target = next(patched, upload)
  }
  expectStatus(await send('PUT', withQuery(target, `digest=${digest}`)), 201)
}
