/** Blobs and lists of upstreams that answer wrongly, slowly or for ever. */
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { finished } from 'node:stream/promises'
import { describe, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { digestOf } from '../support/image.ts'
import { type Answer, drip, failure, open as openUpstream, pour, startFake } from './support.ts'

const cleanup = useCleanup()
const bytes = randomBytes(100_000)
const digest = digestOf(bytes)
const times = { connect: 5000, answer: 400, stall: 400, whole: 800 }

async function upstreamThat(answer: Answer) {
  const { url, asked } = await startFake(cleanup, answer)
  return { upstream: openUpstream(cleanup, url, { times }), asked }
}

describe('a blob', () => {
  const open = async (answer: Answer, call = {}) => {
    const { upstream } = await upstreamThat(answer)
    const found = await upstream.blobs.open('team/app', digest, call)
    return buffer(found?.body ?? Readable.from([]))
  }
  const rows: [name: string, answer: Answer, kind: string, call: object][] = [
    ['of another size', (_, response) => response.end('short'), 'content', { size: 100_000 }],
    ['without an end', (_, response) => pour(response), 'content', { size: 100_000 }],
    ['without an end or a size', (_, response) => pour(response), 'large', { mostBytes: 1e6 }],
    [
      'without a size that has too many bytes together with those that are here',
      (_, response) => response.write(bytes, () => response.end()),
      'large',
      { offset: 50_000, mostBytes: 1e6, mostUnsized: 60_000 },
    ],
    ['that comes in drops', (_, response) => drip(response), 'timeout', {}],
    [
      'that is cut',
      (_, response) => {
        response.writeHead(200, { 'content-length': 100_000 })
        response.write(bytes.subarray(0, 50_000), () => response.destroy())
      },
      'cut',
      {},
    ],
    [
      'that ends before its size',
      (_, response) => response.write(bytes.subarray(0, 50_000), () => response.end()),
      'cut',
      { size: 100_000 },
    ],
    [
      'from another place than was asked for',
      (_, response) => {
        response.writeHead(206, { 'content-range': 'bytes 0-99999/100000' }).end(bytes)
      },
      'content',
      { offset: 50_000 },
    ],
  ]

  it.each(rows)('%s is an error of its own kind', async (_, answer, kind, call) => {
    expect((await failure(open(answer, call)))[0]).toBe(kind)
  })

  it.each([
    ['a storage that does not have it', '/store/gone', 'fault'],
    ['a registry that does not have it', `/v2/mirrored/blobs/${digest}`, undefined],
  ])('redirected to %s, at %s, is of the kind %s', async (_, location, kind) => {
    const { upstream } = await upstreamThat(({ url }, response) => {
      const isSent = url === location
      response.writeHead(isSent ? 404 : 307, isSent ? {} : { location }).end()
    })
    for (const ask of [upstream.blobs.find, upstream.blobs.open]) {
      const call = ask('team/app', digest)
      if (kind) expect((await failure(call))[0]).toBe(kind)
      else expect(await call).toBeUndefined()
    }
  })

  it('begins where it was asked to, also at a registry that knows no ranges', async () => {
    const whole: Answer = (_, response) => response.end(bytes)
    expect(await open(whole, { offset: 70_000, size: 100_000 })).toEqual(bytes.subarray(70_000))
  })

  it('ends its request when it is destroyed, read or not', async () => {
    for (const reads of [false, true]) {
      const { upstream, asked } = await upstreamThat((_, response) => pour(response))
      const found = await upstream.blobs.open('team/app', digest)
      if (reads) await found?.body[Symbol.asyncIterator]().next()
      found?.body.destroy()
      await finished(asked[0]?.socket as never).catch(() => {})
    }
  })

  it('ends with the reason of its signal', async () => {
    const leave = new AbortController()
    const { upstream, asked } = await upstreamThat((_, response) => pour(response))
    const found = await upstream.blobs.open('team/app', digest, { signal: leave.signal })
    const reason = new Error('the client has gone')
    found?.body.once('data', () => leave.abort(reason))
    await expect(buffer(found?.body ?? Readable.from([]))).rejects.toBe(reason)
    await finished(asked[0]?.socket as never).catch(() => {})
  })
})

/** A page that names another one each time. */
function goOn(page: string): Answer {
  let at = 0
  return (_, response) => {
    response.setHeader('link', `</v2/team/app/tags/list?last=${at++}>; rel="next"`).end(page)
  }
}

describe('a list', () => {
  const rows: [name: string, answer: Answer, kind: string][] = [
    [
      'that begins again',
      (_, response) => {
        response.setHeader('link', '</v2/team/app/tags/list?n=1&last=a>; rel="next"')
        response.end('{"tags":["a"]}')
      },
      'fault',
    ],
    [
      'that goes on at another host',
      (_, response) => {
        response.setHeader('link', '<http://elsewhere.example/v2/>; rel="next"').end('{"tags":[]}')
      },
      'fault',
    ],
    ['that is no JSON', (_, response) => response.end('<html>'), 'fault'],
    ['that is none', (_, response) => response.end('{"tags":{"a":1}}'), 'fault'],
    ['without an end', (_, response) => pour(response), 'large'],
    ['of ever new pages without an entry', goOn('{"tags":[]}'), 'large'],
    [
      'with a Link that takes long to read',
      (_, response) => response.setHeader('link', '<'.repeat(30_000)).end('{"tags":["a"]}'),
      'large',
    ],
  ]
  it.each(rows)('%s is an error', async (_, answer, kind) => {
    const { upstream } = await upstreamThat(answer)
    expect((await failure(upstream.tags('team/app')))[0]).toBe(kind)
  })

  it('of ever new pages with an entry each is an error after the time for a list', async () => {
    const { url } = await startFake(cleanup, goOn('{"tags":["a"]}'))
    const upstream = openUpstream(cleanup, url, { times: { ...times, list: 100 } })
    expect(await failure(upstream.tags('team/app'))).toEqual([
      'timeout',
      expect.stringMatching(/the list of tags of team\/app has no end after 0\.1 s/),
    ])
  })

  it('may have other links, and a page without an entry', async () => {
    const pages = [
      ['</v2/x>; rel="prev", </v2/team/app/tags/list?last=a>; rel="next"', '{"tags":["a"]}'],
      ['</v2/team/app/tags/list?last=b>;title=b; REL=next', '{"tags":null}'],
      ['', '{"tags":["c"]}'],
    ]
    const { upstream } = await upstreamThat((_, response) => {
      const [link = '', page = ''] = pages.shift() ?? []
      response.setHeader('link', link).end(page)
    })
    expect(await upstream.tags('team/app')).toEqual(['a', 'c'])
  })
})
