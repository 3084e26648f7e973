/** A worker that shares its disk names a blob, and the gateway sends the bytes. */

import type { IncomingMessage, RequestListener } from 'node:http'
import { describe, expect, it } from '@jest/globals'
import { createCallSigner } from '../../../gateway/pool/call-signer.ts'
import { paths } from '../../../registry/content/paths.ts'
import { createBlobSender } from '../../../registry/http/send.ts'
import { parseDigest } from '../../../registry/protocol/digest.ts'
import { createInmemoryDriver } from '../../../registry/storage/memory.ts'
import { sha256 } from '../../protocol/support/content.ts'
import { send } from '../../support/http.ts'
import { poolSecret } from '../../support/pool.ts'
import { usePool } from './support/pool.ts'

const startPool = usePool()
const bytes = Buffer.from('the bytes of a blob')
const digest = sha256(bytes)
const target = `/v2/a/blobs/${digest}`
const signer = createCallSigner(poolSecret)

function mayName({ headers, method = '', url = '' }: IncomingMessage): boolean | undefined {
  return signer.verify(String(headers['kura-identity']), { method, url })?.readsBlobs
}

const said = {
  'Cache-Control': 'max-age=31536000',
  'Docker-Content-Digest': digest,
  ETag: `"${digest}"`,
}

/** Names `name` where it may, and answers in full where not. */
const naming =
  (name: string, full: RequestListener, status = 200): RequestListener =>
  (req, res) => {
    if (!mayName(req)) return full(req, res)
    res.writeHead(status, { ...said, 'Kura-Blob': name, 'Content-Length': '0' }).end()
  }

async function start(handler: RequestListener) {
  const storage = createInmemoryDriver()
  await storage.put(paths.blob(parseDigest(digest)), bytes)
  return startPool([handler], { sendBlob: createBlobSender(storage) })
}

const unasked: RequestListener = (_, res) => void res.writeHead(500).end()
const last = bytes.length - 1

describe('a blob that a worker names', () => {
  it.each([
    [0, last],
    [4, 8],
    [last, last],
  ])('is sent from %i to %i by the gateway', async (from, to) => {
    const { gateway, requests } = await start(naming(`${digest} ${from} ${to}`, unasked, 206))
    const answer = await send('GET', gateway.url + target)
    expect(answer.status).toBe(206)
    expect(answer.body.toString()).toBe(bytes.subarray(from, to + 1).toString())
    expect(answer.headers).toMatchObject({
      'content-length': String(to - from + 1),
      'docker-content-digest': digest,
      'cache-control': 'max-age=31536000',
    })
    expect(answer.headers['kura-blob']).toBeUndefined()
    expect(requests()).toHaveLength(1)
  })

  it.each([
    'sha256:../../../../etc/passwd 0 1',
    `${digest}/../x 0 1`,
    `${digest} -1 1`,
    `${digest} 2 1`,
    `${digest} a b`,
    digest,
    'x',
  ])('as "%s" is a failure, and says nothing of it', async (name) => {
    const { gateway } = await start(naming(name, unasked))
    const answer = await send('GET', gateway.url + target)
    expect(answer.status).toBe(500)
    expect(JSON.stringify(answer.headers) + answer.body).not.toMatch(/passwd|kura-blob|31536000/i)
  })

  it('and that has gone since is asked for in full', async () => {
    const gone = sha256('something else')
    const { gateway, requests } = await start(
      naming(`${gone} 0 5`, (_, res) => void res.end('from the worker')),
    )
    const answer = await send('GET', gateway.url + target)
    expect(answer.body.toString()).toBe('from the worker')
    expect(requests().map(mayName)).toEqual([true, false])
  })

  it('and that nobody has any more is unknown, which no cache may keep', async () => {
    const gone = sha256('something else')
    const { gateway } = await start(
      naming(`${gone} 0 5`, (_, res) => void res.writeHead(404).end('{"errors":[]}')),
    )
    const answer = await send('GET', gateway.url + target)
    expect([answer.status, answer.body.toString()]).toEqual([404, '{"errors":[]}'])
    for (const name of Object.keys(said)) {
      expect(answer.headers[name.toLowerCase()]).toBeUndefined()
    }
  })
})

describe('a worker', () => {
  it.each(['/v2/a/manifests/latest', '/v2/a/tags/list', '/v2/_catalog'])(
    'is not asked for names at %s',
    async (path) => {
      const { gateway, requests } = await start((_, res) => void res.end())
      await send('GET', gateway.url + path)
      expect(requests().map(mayName)).toEqual([false])
    },
  )

  it('is asked for no names where the gateway has no storage', async () => {
    const { gateway, requests } = await startPool([(_, res) => void res.end()])
    await send('GET', gateway.url + target)
    expect(requests().map(mayName)).toEqual([false])
  })

  it('that names a blob unasked has failed', async () => {
    const name = { 'Kura-Blob': `${digest} 0 5`, 'Content-Length': '0' }
    for (const options of [{}, { sendBlob: async () => false }]) {
      const { gateway } = await startPool(
        [(_, res) => void res.writeHead(200, name).end()],
        options,
      )
      expect((await send('GET', gateway.url + target)).status).toBe(500)
    }
  })
})
