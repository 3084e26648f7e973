/** Copies over connections that break, to and from registries that fail, and that are stopped half-way. */
import { randomBytes } from 'node:crypto'
import { type IncomingMessage, request } from 'node:http'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { copyImage, type Job } from '../../moving/copy.ts'
import {
  createRepositoryDestination,
  createRepositorySource,
} from '../../moving/places/repository.ts'
import { createSlots } from '../../moving/slots.ts'
import { parseDigest } from '../../registry/protocol/digest.ts'
import { createUpstream } from '../../upstream/registry.ts'
import { useCleanup } from '../support/cleanup.ts'
import { startDistribution } from '../support/distribution.ts'
import {
  describe as describeBytes,
  digestOf,
  emptyConfig,
  imageFrom,
  manifestType,
  signatureOf,
} from '../support/image.ts'
import { startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { pullImage, pushBlob, pushImage } from '../support/push.ts'
import { startFake } from '../upstream/support.ts'

const cleanup = useCleanup()
const layers = [randomBytes(4_000_000), randomBytes(3_000_000)]
const image = imageFrom(...layers)

type Break = { cutsDownloads?: number; cutsUploads?: number; refuses?: number }

/** Passes requests on, and breaks so many of those with blobs in their middle. */
async function startBreaking(
  target: string,
  breaks: Break,
  isRefused: (asked: IncomingMessage) => boolean = () => false,
) {
  const fake = await startFake(cleanup, (asked, response) => {
    if (isRefused(asked) || (breaks.refuses && breaks.refuses-- > 0)) {
      response.writeHead(503).end()
      return
    }
    const { method, headers } = asked
    const sent = request(target + asked.url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      const isLarge = method === 'GET' && Number(answer.headers['content-length']) > 500_000
      const isCut = isLarge && breaks.cutsDownloads && breaks.cutsDownloads-- > 0
      let bytes = 0
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        response.write(chunk)
        if (isCut && bytes > 1_000_000) response.destroy()
      })
      answer.on('end', () => response.end())
    })
    sent.on('error', () => response.destroy())
    const isCut = method === 'PATCH' && breaks.cutsUploads && breaks.cutsUploads-- > 0
    let received = 0
    asked.on('data', (chunk: Buffer) => {
      received += chunk.length
      sent.write(chunk)
      if (isCut && received > 1_000_000) asked.socket.destroy()
    })
    asked.on('end', () => sent.end())
    asked.on('close', () => asked.complete || sent.destroy())
  })
  return { url: fake.url, asked: fake.asked }
}

function jobFrom(source: URL, destination: URL, signal?: AbortSignal) {
  const open = (url: URL) => {
    const registry = createUpstream({ url, userAgent: 'kura/test' })
    cleanup.add(registry.close)
    return { registry, repository: 'team/app', name: `${url.host}/team/app` }
  }
  const ended: string[] = []
  let bytes = 0
  const lines: string[] = []
  const job: Job = {
    source: createRepositorySource(open(source)),
    destination: createRepositoryDestination(open(destination)),
    within: createSlots(2),
    rate: undefined,
    progress: {
      begin: () => {},
      bytes: (count) => {
        bytes += count
      },
      end: (_, was) => ended.push(was),
      manifest: () => {},
    },
    say: (line) => lines.push(line),
    firstWaitMs: 10,
    copies: new Map(),
    call: { signal },
    reference: 'v1',
    tag: 'v1',
    platforms: [],
    withReferrers: true,
  }
  return { job, ended, lines, bytes: () => bytes }
}

describeWith(['docker-registry', 'linux'], 'a copy', () => {
  let from: string
  beforeAll(async () => {
    const { url } = await startDistribution(cleanup, await cleanup.folder())
    from = url
    await pushImage({ url, repository: 'team/app' }, 'v1', image)
  })
  const startEmpty = async () => (await startDistribution(cleanup, await cleanup.folder())).url

  it('goes on with a download where it broke, and brings no byte twice', async () => {
    const to = await startEmpty()
    const source = await startBreaking(from, { cutsDownloads: 3, refuses: 1 })
    const { job, lines, bytes } = jobFrom(source.url, new URL(to))
    expect(await copyImage(job)).toMatchObject({ digest: image.digest, blobs: 3 })
    expect(await pullImage({ url: to, repository: 'team/app' }, 'v1')).toBe(image.digest)
    expect(lines.join('\n')).toMatch(/broke the connection|bytes of the blob came/)
    expect(source.asked.some(({ headers }) => headers.range !== undefined)).toBe(true)
    expect(bytes()).toBe(Buffer.concat([...layers, image.config]).length)
  })

  it('goes on with an upload that broke, with all of it where the registry has forgotten it', async () => {
    const kura = await startKura()
    cleanup.add(kura.stop)
    for (const to of [await startEmpty(), kura.url]) {
      const destination = await startBreaking(to, { cutsUploads: 2, refuses: 1 })
      const { job } = jobFrom(new URL(from), destination.url)
      expect(await copyImage(job)).toMatchObject({ digest: image.digest })
      expect(await pullImage({ url: to, repository: 'team/app' }, 'v1')).toBe(image.digest)
      const ranges = destination.asked.map(({ headers }) => headers['content-range'] ?? '0-')
      expect(ranges.some((range) => !range.startsWith('0-'))).toBe(to === kura.url)
    }
  })

  it('lists a referrer in its tag also after another one could not be', async () => {
    const place = { url: await startEmpty(), repository: 'team/app' }
    await pushImage(place, 'v1', image)
    await pushBlob(place, emptyConfig)
    let failures = 1
    const destination = await startBreaking(place.url, {}, ({ method, url = '' }) => {
      return method === 'PUT' && url.includes('/manifests/sha256-') && failures-- > 0
    })
    const { job } = jobFrom(new URL(from), destination.url)
    const bytes = signatureOf(describeBytes(manifestType, image.manifest))
    const document = { bytes, mediaType: manifestType, digest: parseDigest(digestOf(bytes)) }
    const put = () =>
      job.destination.putManifest(document, { subject: parseDigest(image.digest), tag: undefined })
    await expect(put()).rejects.toThrow('503')
    await put()
  })

  it('that is stopped is gone on with by the next one, which sends only the rest', async () => {
    const to = await startEmpty()
    const leave = new AbortController()
    const stopped = jobFrom(new URL(from), new URL(to), leave.signal)
    const { end } = stopped.job.progress
    stopped.job.progress.end = (blob, was) => {
      end(blob, was)
      leave.abort(new Error('stopped'))
    }
    await expect(copyImage(stopped.job)).rejects.toThrow('stopped')
    const next = jobFrom(new URL(from), new URL(to))
    expect(await copyImage(next.job)).toMatchObject({ digest: image.digest })
    expect(next.ended.filter((it) => it === 'there').length).toBeGreaterThan(0)
    expect(next.ended).toHaveLength(3)
  })

  it('to a registry that loses what it took is not done', async () => {
    const to = await startEmpty()
    let puts = 0
    const destination = await startFake(cleanup, async (asked, response) => {
      if (asked.method === 'PUT' && asked.url?.includes('/manifests/')) {
        puts++
        response.writeHead(201).end()
        return
      }
      const answer = await fetch(to + asked.url, {
        method: asked.method === 'HEAD' ? 'HEAD' : 'GET',
      })
      response.writeHead(answer.status).end()
    })
    await pushImage({ url: to, repository: 'team/app' }, 'other', image)
    const { job } = jobFrom(new URL(from), destination.url)
    await expect(copyImage(job)).rejects.toThrow(/team\/app (took|has) /)
    expect(puts).toBe(1)
  })
})

describe('slots', () => {
  it('let so many in at once, and all in the end', async () => {
    const within = createSlots(3)
    let [inside, most] = [0, 0]
    const work = async () => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside--
    }
    await Promise.all(Array.from({ length: 20 }, () => within(work)))
    expect([inside, most]).toEqual([0, 3])
  })
})
