/** A client of a mirror gets bytes of one draft only, whatever becomes of that draft meanwhile. */
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, it } from '@jest/globals'
import { createEntries, downloadId, downloadLease } from '../../mirror/blobs/entries.ts'
import { createSharedDrafts } from '../../mirror/blobs/shared-draft.ts'
import { createSweep } from '../../mirror/blobs/sweep.ts'
import type { Leases } from '../../registry/leases/lease.ts'
import { parseDigest } from '../../registry/protocol/digest.ts'
import { createInmemoryDriver } from '../../registry/storage/memory.ts'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { digestOf } from '../support/image.ts'
import { describeWith } from '../support/programs.ts'
import { begin, blobsAsked, holdHalf, pushRandom, size, urlOf } from './support/blobs.ts'
import { type Node, startNode } from './support/node.ts'
import { startUpstream, type Upstream } from './support/upstream.ts'

const repository = 'up/app'

describeWith(['docker-registry'], 'the draft of a download', () => {
  const cleanup = useCleanup()

  it('is swept, and nobody who had bytes of it goes on with those of another download', async () => {
    const upstream = await startUpstream(cleanup)
    const pushed = await pushRandom(upstream)
    const digest = parseDigest(pushed.digest)
    const root = await cleanup.folder()
    const [leader, follower, other] = await Promise.all([
      startNode(cleanup, { upstream, root }),
      startNode(cleanup, { upstream, root }),
      startNode(cleanup, { upstream, root }),
    ])
    await leaveHalfWrong(upstream, leader, digest)

    const name = downloadLease(downloadId(repository, digest))
    await other.registry.content.leases.hold(name, 'unavailable', async () => {
      const { answer } = await begin(urlOf(follower, digest))
      await once(answer, 'readable')
      await sweepAll(other)
      const { uploads } = other.registry.content
      const source = Readable.from([pushed.bytes])
      await uploads.take(repository, { digest, source, subject: undefined })
      answer.resume()
      await expect(once(answer, 'end')).rejects.toThrow('aborted')
    })
    expect(blobsAsked(upstream)).toHaveLength(1)
    expect(digestOf((await send('GET', urlOf(follower, digest))).body)).toBe(digest)
  })

  it('is sent by its own download alone where each machine has drafts of its own', async () => {
    const upstream = await startUpstream(cleanup)
    const pushed = await pushRandom(upstream)
    const digest = parseDigest(pushed.digest)
    const storage = createInmemoryDriver()
    const [root, elsewhere] = [await cleanup.folder(), await cleanup.folder()]
    const leases = `${await cleanup.folder()}/leases`
    const startOn = (folder: string) =>
      startNode(cleanup, { ...{ upstream, storage, leases }, root: folder })
    await leaveHalfWrong(upstream, await startOn(root), digest)

    const [leader, follower] = [await startOn(elsewhere), await startOn(root)]
    const held = holdHalf(upstream)
    const one = await begin(urlOf(leader, digest))
    await held.half
    const two = await begin(urlOf(follower, digest))
    held.go()
    for (const { answer } of [one, two]) expect(digestOf(await buffer(answer))).toBe(digest)
  })

  it('gets nothing behind the bytes of another process', async () => {
    const root = await cleanup.folder()
    const { registry } = await startNode(cleanup, { upstream: { url: 'http://127.0.0.1:9' }, root })
    const digest = parseDigest(digestOf(Buffer.from('12345678')))
    const id = downloadId(repository, digest)
    const draft = createSharedDrafts(registry.content)({ repository, digest, id })
    const add = (text: string, at: number) =>
      draft.add(Readable.from([Buffer.from(text)]), {
        ...{ generation: 'one', at, size: 8, lease, signal: new AbortController().signal },
      })
    await expect(add('12345', 0)).rejects.toThrow()
    await expect(add('45678', 3)).rejects.toMatchObject({ reason: 'unavailable' })
    await add('678', 5)
    await draft.publish('one')
    expect(await registry.content.blobs.find(repository, digest)).toMatchObject({ size: 8 })
  })
})

/** As a process that was killed leaves it: half of the blob, its entry, and nobody who holds the lease. */
async function leaveHalfWrong(upstream: Upstream, node: Node, digest: string): Promise<void> {
  upstream.sendBlobs(async (body, answer) => {
    body.resume()
    answer.write(Buffer.alloc(size / 2, 'x'))
  })
  const { request, answer } = await begin(urlOf(node, digest))
  await once(answer, 'readable')
  request.destroy()
  await node.stop()
  upstream.heal()
}

const lease = { isHeld: () => true, check() {}, confirm: async () => undefined }

/** As another machine does it: the test holds the lease for it. */
async function sweepAll({ registry }: Node): Promise<void> {
  const { storage, uploads } = registry.content
  const leases: Leases = {
    hold: (_name, _busy, work) => work(lease),
    close: async () => undefined,
  }
  const openDraft = createSharedDrafts({ storage, uploads })
  const sweep = createSweep({ entries: createEntries(storage), leases, openDraft })
  await sweep({ quietMs: 0, signal: new AbortController().signal }, () => undefined)
}
