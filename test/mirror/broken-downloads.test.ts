/** Downloads of a mirror that break, end or bring wrong bytes: no client is left with those. */
import { once } from 'node:events'
import { readdir, utimes } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { digestOf, imageFrom, manifestType } from '../support/image.ts'
import { describeWith } from '../support/programs.ts'
import { manifestUrl, pushImage } from '../support/push.ts'
import { pour } from '../upstream/support.ts'
import { begin, blobsAsked, holdHalf, pushRandom, sendHalf, size, urlOf } from './support/blobs.ts'
import { startingNodes } from './support/node.ts'
import { useUpstream } from './support/upstream.ts'

describeWith(['docker-registry'], 'a download of a mirror', () => {
  const cleanup = useCleanup()
  const upstream = useUpstream(cleanup)
  const start = startingNodes(cleanup, upstream)
  const layer = { bytes: Buffer.from('the layer'), digest: digestOf(Buffer.from('the layer')) }

  /** A node that has the manifest, and not yet the layer. */
  async function startWithManifest() {
    const image = imageFrom(layer.bytes)
    await pushImage({ url: upstream.registry.url, repository: 'app' }, 'v1', image)
    const node = await start()
    const { status } = await send('GET', manifestUrl({ url: node.url, repository: 'up/app' }, 'v1'))
    expect(status).toBe(200)
    return { node, url: urlOf(node, layer.digest) }
  }

  it('breaks the connection of everyone who got bytes that turn out to be wrong', async () => {
    const { digest } = await pushRandom(upstream)
    const root = await cleanup.folder()
    const [leader, follower] = await Promise.all([start(root), start(root)])
    const go = Promise.withResolvers<void>()
    const half = Promise.withResolvers<void>()
    upstream.sendBlobs(async (body, answer) => {
      body.resume()
      answer.write(Buffer.alloc(size / 2, 1))
      half.resolve()
      await go.promise
      answer.end(Buffer.alloc(size / 2, 2))
    })
    const one = await begin(urlOf(leader, digest))
    await half.promise
    const two = await begin(urlOf(follower, digest))
    await once(two.answer, 'readable')
    upstream.sendBlobs(pipeline)
    go.resolve()
    await expect(buffer(one.answer)).rejects.toThrow('aborted')
    await expect(buffer(two.answer)).rejects.toThrow('aborted')
    expect(blobsAsked(upstream)).toHaveLength(1)
    const healed = await send('GET', urlOf(leader, digest))
    expect(healed.status === 200 ? '' : healed.body.toString()).toBe('')
    expect(digestOf(healed.body)).toBe(digest)
  })

  it.each(['', 'x'])('is said to be wrong where no byte has been sent yet: %j', async (text) => {
    const { digest } = await pushRandom(upstream)
    const node = await start()
    upstream.meddle((_, answer) => {
      answer.writeHead(200, { 'Content-Length': text.length }).end(text)
      return true
    })
    const answer = await send('GET', urlOf(node, digest))
    expect(answer.status).toBe(502)
    expect(answer.body.toString()).toContain('other bytes')
  })

  it('is refused where the upstream tells another length than the manifest', async () => {
    const { node, url } = await startWithManifest()
    upstream.meddle((_, answer) => {
      answer.writeHead(200, { 'Content-Length': 2 ** 40 })
      pour(answer)
      return true
    })
    const { status, body } = await send('GET', url)
    expect([status, body.toString()]).toEqual([502, expect.stringContaining(upstream.host)])
    expect(body.toString()).toContain(`it has ${2 ** 40} bytes for ${layer.digest}, which has 9`)
    upstream.heal()
    expect((await send('GET', url)).body.toString()).toBe('the layer')
    await node.stop()
  })

  it('ends behind the bytes that the manifest names where no length is told', async () => {
    const { url } = await startWithManifest()
    const ended = Promise.withResolvers<void>()
    upstream.meddle((_, answer) => {
      answer.once('close', ended.resolve)
      pour(answer)
      return true
    })
    const { answer } = await begin(url)
    await ended.promise
    const isBroken = buffer(answer).then(
      () => answer.statusCode === 502,
      () => true,
    )
    expect(await isBroken).toBe(true)
    upstream.heal()
    expect((await send('GET', url)).body.toString()).toBe('the layer')
  })

  it('is not held to a size on which two manifests disagree', async () => {
    const { node, url } = await startWithManifest()
    const other = imageFrom(Buffer.from('the layer'))
    const wrong = JSON.parse(other.manifest.toString())
    wrong.layers[0].size = 8
    const manifest = Buffer.from(JSON.stringify(wrong))
    upstream.meddle((_, answer) => {
      answer.writeHead(200, { 'Content-Type': manifestType }).end(manifest)
      return true
    })
    const its = `${node.url}/v2/up/app/manifests/${digestOf(manifest)}`
    expect((await send('GET', its)).status).toBe(200)
    upstream.heal()
    expect((await send('GET', url)).body.toString()).toBe('the layer')
  })

  it('is not whole with fewer bytes than the blob has, whatever size was told first', async () => {
    const { digest } = await pushRandom(upstream)
    const node = await start()
    upstream.meddle(({ headers }, answer) => {
      if (headers.range) return false
      answer.writeHead(200, { 'Content-Length': size / 2 })
      answer.write(Buffer.alloc(size / 4), () => answer.destroy())
      return true
    })
    const { answer } = await begin(urlOf(node, digest))
    await expect(buffer(answer)).rejects.toThrow('aborted')
    upstream.heal()
    expect(digestOf((await send('GET', urlOf(node, digest))).body)).toBe(digest)
  })

  it('goes on from where the connection broke', async () => {
    const { digest } = await pushRandom(upstream)
    const node = await start()
    const ranges: string[] = []
    upstream.meddle(({ headers }) => {
      ranges.push(String(headers.range))
      return false
    })
    upstream.sendBlobs(async (body, answer) => {
      if (ranges.length > 1) return pipeline(body, answer)
      await sendHalf(body, answer)
      answer.destroy()
    })
    const { status, body } = await send('GET', urlOf(node, digest))
    expect(status).toBe(200)
    expect(digestOf(body)).toBe(digest)
    expect(ranges.length).toBeGreaterThan(1)
    expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/)
  })

  it('is taken over by a follower when its leader ends', async () => {
    const { digest } = await pushRandom(upstream)
    const root = await cleanup.folder()
    const [leader, follower] = await Promise.all([start(root), start(root)])
    const ranges: string[] = []
    upstream.meddle(({ headers }) => {
      ranges.push(String(headers.range))
      return false
    })
    const held = holdHalf(upstream)
    const first = await begin(urlOf(leader, digest))
    await held.half
    const second = await begin(urlOf(follower, digest))
    await once(second.answer, 'readable')
    upstream.sendBlobs(pipeline)
    const rest = buffer(second.answer)
    first.request.destroy()
    await leader.stop()
    expect(digestOf(await rest)).toBe(digest)
    expect(ranges.at(-1)).toMatch(/^bytes=[1-9]\d*-$/)
    held.go()
  })

  it('that was cut off is swept, and is in nobody’s way until then', async () => {
    const { digest } = await pushRandom(upstream)
    const root = await cleanup.folder()
    const node = await start(root)
    const held = holdHalf(upstream)
    const { request } = await begin(urlOf(node, digest))
    await held.half
    request.destroy()
    await node.stop()
    held.go()
    upstream.heal()
    const uploads = `${root}/docker/registry/v2/repositories/up/app/_uploads`
    expect(await readdir(uploads)).toHaveLength(1)

    const next = await start(root)
    const entries = `${root}/kura/mirror/downloads`
    const longAgo = new Date(Date.now() - 7_200_000)
    for (const it of await readdir(entries)) await utimes(`${entries}/${it}`, longAgo, longAgo)
    const left: object[] = []
    const { signal } = new AbortController()
    await next.sweep({ quietMs: 3_600_000, signal }, (it) => left.push(it))
    expect(left).toEqual([])
    await next.sweep({ quietMs: 0, signal }, (it) => left.push(it))
    expect(left).toEqual([{ repository: 'up/app', digest }])
    expect(await readdir(uploads)).toEqual([])
    expect(await readdir(entries)).toEqual([])
    expect(digestOf((await send('GET', urlOf(next, digest))).body)).toBe(digest)
  })
})
