/** Blobs of a mirror: one download serves all who wait for it, as it comes. */
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { expect, it } from '@jest/globals'
import { createInmemoryDriver } from '../../registry/storage/memory.ts'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { digestOf } from '../support/image.ts'
import { describeWith } from '../support/programs.ts'
import { begin, blobsAsked, holdHalf, pushRandom, size, until, urlOf } from './support/blobs.ts'
import { type Node, startingNodes, startNode } from './support/node.ts'
import { useUpstream } from './support/upstream.ts'

describeWith(['docker-registry'], 'a blob of a mirror', () => {
  const cleanup = useCleanup()
  const upstream = useUpstream(cleanup)
  const start = startingNodes(cleanup, upstream)

  it('is fetched once for all clients of all processes', async () => {
    const { bytes, digest } = await pushRandom(upstream)
    const root = await cleanup.folder()
    const nodes = await Promise.all([start(root), start(root), start(root)])
    const held = holdHalf(upstream)
    const pulls = nodes.flatMap((node) =>
      Array.from({ length: 8 }, () => send('GET', urlOf(node, digest))),
    )
    await held.half
    held.go()
    for (const { status, body } of await Promise.all(pulls)) {
      expect(status).toBe(200)
      expect(digestOf(body)).toBe(digest)
    }
    const part = await send('GET', urlOf(nodes[0] as Node, digest), {
      headers: { Range: 'bytes=5-9' },
    })
    expect(part.body).toEqual(bytes.subarray(5, 10))
    expect(blobsAsked(upstream)).toHaveLength(1)
  })

  it('is sent as it comes, to clients of the other processes as well, and in ranges', async () => {
    const { bytes, digest } = await pushRandom(upstream)
    const root = await cleanup.folder()
    const [leader, follower] = await Promise.all([start(root), start(root)])
    const held = holdHalf(upstream)
    const whole = await begin(urlOf(leader, digest))
    await held.half
    const other = await begin(urlOf(follower, digest))
    const range = await begin(urlOf(follower, digest), { Range: 'bytes=1000-4000000' })
    expect(range.answer.statusCode).toBe(206)
    expect(range.answer.headers['content-range']).toBe(`bytes 1000-4000000/${size}`)
    for (const { answer } of [whole, other, range]) await once(answer, 'readable')
    held.go()
    const found = await Promise.all([whole, other, range].map(({ answer }) => buffer(answer)))
    expect(found.map((it) => digestOf(it))).toEqual(
      [bytes, bytes, bytes.subarray(1000, 4_000_001)].map((it) => digestOf(it)),
    )
    expect(blobsAsked(upstream)).toHaveLength(1)
  })

  it('goes on when the client leaves that asked first', async () => {
    const { digest } = await pushRandom(upstream)
    const node = await start()
    const held = holdHalf(upstream)
    const first = await begin(urlOf(node, digest))
    await held.half
    const second = await begin(urlOf(node, digest))
    first.request.destroy()
    held.go()
    expect(digestOf(await buffer(second.answer))).toBe(digest)
    expect(blobsAsked(upstream)).toHaveLength(1)
  })

  it('is here in the end though every client has left', async () => {
    const { digest } = await pushRandom(upstream)
    const node = await start()
    const held = holdHalf(upstream)
    const { request } = await begin(urlOf(node, digest))
    await held.half
    request.destroy()
    held.go()
    await until(
      async () => (await node.registry.content.blobs.find('up/app', digest as never)) !== undefined,
    )
    expect(digestOf((await send('GET', urlOf(node, digest))).body)).toBe(digest)
    expect(blobsAsked(upstream)).toHaveLength(1)
  })

  it('is given up when nobody has waited for it for long enough', async () => {
    const { digest } = await pushRandom(upstream)
    const node = await start(undefined, { lingerMs: 50 })
    const held = holdHalf(upstream)
    const { request } = await begin(urlOf(node, digest))
    await held.half
    const broken = Promise.withResolvers<void>()
    upstream.sendBlobs(async () => broken.resolve())
    request.destroy()
    await until(async () => (await readdir(`${node.root}/kura/leases`)).length === 0)
    held.go()
  })

  it('is sent as it comes where storage shows nothing before it is whole', async () => {
    const { digest } = await pushRandom(upstream)
    const root = await cleanup.folder()
    const node = await startNode(cleanup, { root, upstream, storage: createInmemoryDriver() })
    const held = holdHalf(upstream)
    const first = await begin(urlOf(node, digest))
    await held.half
    await once(first.answer, 'readable')
    // Of the end nothing has come, so its client is told to wait.
    const end = await begin(urlOf(node, digest), { Range: 'bytes=-100' })
    held.go()
    expect(digestOf(await buffer(first.answer))).toBe(digest)
    expect(await buffer(end.answer)).toHaveLength(100)
    expect(blobsAsked(upstream)).toHaveLength(1)
    expect((await send('GET', urlOf(node, digest))).status).toBe(200)
    expect(blobsAsked(upstream)).toHaveLength(0)
  })

  it('has its size asked for by HEAD without being fetched', async () => {
    const { digest } = await pushRandom(upstream)
    const node = await start()
    const { status, headers } = await send('HEAD', urlOf(node, digest))
    expect([status, headers['content-length']]).toEqual([200, `${size}`])
    expect(blobsAsked(upstream)).toEqual([])
  })
})
