/** Uploads that break off, and go on from what the registry has. */
import { expect, it } from '@jest/globals'
import { parseDigest } from '../../registry/protocol/digest.ts'
import { useCleanup } from '../support/cleanup.ts'
import { digestOf } from '../support/image.ts'
import { open, startFake } from './support.ts'

const cleanup = useCleanup()

it('one byte is told as none, so a chunk from the beginning is refused before it goes on', async () => {
  const bytes = Buffer.alloc(2 * 1024 * 1024, 7)
  const chunks: (string | undefined)[] = []
  const statuses: Record<string, number> = { POST: 202, GET: 204, PUT: 201 }
  const { url } = await startFake(cleanup, ({ method = '', headers, socket }, response) => {
    const chunk = headers['content-range']
    if (method === 'PATCH') chunks.push(chunk)
    if (method === 'PATCH' && chunks.length === 1) return void socket.destroy()
    const status = statuses[method] ?? (chunk?.startsWith('1-') ? 202 : 416)
    response.writeHead(status, { location: '/v2/app/blobs/uploads/1', range: '0-0' }).end()
  })
  await open(cleanup, url).putBlob('app', {
    digest: parseDigest(digestOf(bytes)),
    size: bytes.length,
    open: async function* (offset) {
      yield bytes.subarray(offset)
    },
  })
  const last = bytes.length - 1
  expect(chunks).toEqual([`0-${last}`, `0-${last}`, `1-${last}`])
})
