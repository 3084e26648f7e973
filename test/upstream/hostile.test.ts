/** Upstreams that answer wrongly, slowly, for ever, or not at all: a clear error, within bounds. */
import { randomBytes } from 'node:crypto'
import { afterAll, describe, expect, it } from '@jest/globals'
import { createWorkshop } from '../gateway/listen/openssl.ts'
import { useCleanup } from '../support/cleanup.ts'
import { digestOf, imageFrom, manifestType } from '../support/image.ts'
import { findFreePort } from '../support/ports.ts'
import { type Answer, drip, failure, open, pour, startFake } from './support.ts'

const cleanup = useCleanup()
const [bytes, image] = [randomBytes(100_000), imageFrom(Buffer.from('layer'))]
const digest = digestOf(bytes)
const times = { connect: 5000, answer: 400, stall: 400, whole: 800 }

const sendManifest: Answer = (_, response) => {
  response.writeHead(200, { 'content-type': manifestType }).end(image.manifest)
}

async function upstreamThat(answer: Answer) {
  const { url, asked } = await startFake(cleanup, answer)
  return { upstream: open(cleanup, url, { times }), asked, url }
}

describe('a manifest', () => {
  const rows: [name: string, answer: Answer, kind: string, says: RegExp][] = [
    ['of other bytes than its digest', sendManifest, 'content', /has other bytes for sha256:/],
    [
      'of more bytes than a manifest may have',
      (_, response) => response.writeHead(200, { 'content-length': 1e12 }).write('x'),
      'large',
      /has 1000000000000 bytes; 4194304 are allowed/,
    ],
    ['without an end', (_, response) => pour(response), 'large', /more than the 4194304 bytes/],
    ['that comes in drops', (_, response) => drip(response), 'timeout', /did not come in time/],
    [
      'that stops half-way',
      (_, response) => response.writeHead(200, { 'content-length': 10 }).write('{'),
      'timeout',
      /stopped half-way|did not come in time/,
    ],
    ['of which nothing comes', () => {}, 'timeout', /no answer came in time/],
    [
      'whose connection breaks',
      (_, response) => {
        response.writeHead(200, { 'content-length': 10 }).write('{', () => response.destroy())
      },
      'cut',
      /broke the connection|not as long as it says/,
    ],
    ['whose connection breaks at once', (_, response) => response.destroy(), 'cut', /broke the/],
    [
      'with a head without an end',
      (_, response) => response.writeHead(200, { 'x-long': 'x'.repeat(100_000) }).end(),
      'large',
      /head of the answer is too large/,
    ],
    ['that is a web page', (_, response) => response.end('<html>'), 'content', /other bytes/],
    [
      'for which it answers 500',
      (_, response) => response.writeHead(500).end(),
      'fault',
      /\(500\)/,
    ],
    ['for which it answers 418', (_, response) => response.writeHead(418).end(), 'rejected', /418/],
    ['that only others may have', (_, response) => response.writeHead(403).end(), 'denied', /403/],
    [
      'for which it answers nonsense',
      ({ socket }) => socket.end('nonsense\r\n\r\n'),
      'fault',
      /not HTTP/,
    ],
    [
      'that redirects for ever',
      (request, response) => response.writeHead(307, { location: `${request.url}x` }).end(),
      'redirect',
      /redirects more than 5 times/,
    ],
    [
      'that redirects to a file',
      (_, response) => response.writeHead(307, { location: 'file:///etc/passwd' }).end(),
      'redirect',
      /redirects to file:/,
    ],
    [
      'of this very installation',
      (_, response) => response.writeHead(508).end(),
      'loop',
      /this installation itself/,
    ],
  ]

  it.each(rows)('%s is an error of its own kind', async (_, answer, kind, says) => {
    const { upstream, url } = await upstreamThat(answer)
    const [found, message] = await failure(upstream.manifests.get('team/app', digest))
    expect([found, message]).toEqual([kind, expect.stringMatching(says)])
    expect(message).toContain(url.host)
  })

  it('is asked for again where a kept connection broke before the answer', async () => {
    let breaks = 1
    const { upstream } = await upstreamThat((request, response) => {
      if (breaks-- > 0) response.destroy()
      else sendManifest(request, response)
    })
    expect(await upstream.manifests.get('team/app', 'v1')).toMatchObject({ digest: image.digest })
  })

  it('by a tag is an error where the digest in the header is another', async () => {
    const { upstream } = await upstreamThat((_, response) => {
      response.setHeader('docker-content-digest', digest)
      response.writeHead(200, { 'content-type': manifestType }).end(image.manifest)
    })
    expect((await failure(upstream.manifests.get('team/app', 'v1')))[0]).toBe('content')
  })

  it('is read whole where a HEAD says too little', async () => {
    const { upstream, asked } = await upstreamThat((request, response) => {
      if (request.method === 'HEAD') response.writeHead(405).end()
      else sendManifest(request, response)
    })
    const { digest: found, size } = (await upstream.manifests.find('team/app', 'v1')) ?? {}
    expect([found, size]).toEqual([image.digest, image.manifest.length])
    expect(asked.map(({ method }) => method)).toEqual(['HEAD', 'GET'])
  })
})

describe('a registry', () => {
  const shop = createWorkshop()
  afterAll(() => shop.remove())
  const own = shop.make({ name: 'own' })
  const elsewhere = shop.make({ name: 'elsewhere', names: 'DNS:elsewhere.test' })

  const secure = ({ pem: cert, keyPem: key } = own) =>
    startFake(cleanup, sendManifest, { cert, key })

  it('is trusted by an authority of its own, and by that of another not', async () => {
    const { url } = await secure()
    const trusting = open(cleanup, url, { trust: { ca: own.pem } })
    expect(await trusting.manifests.get('team/app', 'v1')).toBeDefined()
    for (const trust of [undefined, { ca: elsewhere.pem }]) {
      const [kind, message] = await failure(open(cleanup, url, { trust }).manifests.get('a', 'v1'))
      expect([kind, message]).toEqual(['tls', expect.stringMatching(/TLS fails: .*certificate/)])
    }
  })

  it('is not taken for another host, and not for one without TLS', async () => {
    const { url } = await secure(elsewhere)
    const trust = { ca: elsewhere.pem }
    expect((await failure(open(cleanup, url, { trust }).manifests.get('a', 'v1')))[0]).toBe('tls')
    const plain = await startFake(cleanup, sendManifest)
    const asked = open(cleanup, new URL(plain.url.href.replace('http:', 'https:')))
    expect((await failure(asked.manifests.get('a', 'v1')))[0]).toBe('tls')
  })

  it('that is not there is refused', async () => {
    const nowhere = open(cleanup, new URL(`http://127.0.0.1:${await findFreePort()}`))
    const [kind, message] = await failure(nowhere.manifests.get('a', 'v1'))
    expect([kind, message]).toEqual(['refused', expect.stringMatching(/nothing listens there/)])
  })

  it('that was asked too often is left alone until it says, for requests of that sort', async () => {
    const { upstream, asked } = await upstreamThat((request, response) => {
      response.setHeader('ratelimit-remaining', '0;w=21600')
      if (request.method === 'GET') response.writeHead(429, { 'retry-after': '120' })
      response.end()
    })
    for (let at = 0; at < 2; at++) {
      expect(await failure(upstream.manifests.get('team/app', 'v1'))).toEqual([
        'limited',
        expect.stringMatching(/asked too often \(429\), and is to be left alone until 20/),
      ])
    }
    expect(asked).toHaveLength(1)
    expect(await upstream.blobs.find('team/app', digest)).toBeDefined()
    expect(upstream.rateLimit()).toMatchObject({ remaining: 0, windowSeconds: 21_600 })
  })

  it('whose token server was asked too often leaves that alone until it says', async () => {
    const { upstream, asked } = await upstreamThat((request, response) => {
      if (request.url?.startsWith('/token')) {
        response.writeHead(429, { 'retry-after': '120' }).end()
        return
      }
      response.setHeader('www-authenticate', `Bearer realm="http://${request.headers.host}/token"`)
      response.writeHead(401).end()
    })
    for (const tag of ['v1', 'v2', 'v3']) {
      const error = await upstream.manifests.get('team/app', tag).catch((it) => it)
      expect(error).toMatchObject({ kind: 'limited', retryAt: expect.any(Date) })
      expect(error.message).toMatch(/its token server .* is to be left alone until 20/)
    }
    expect(asked.filter(({ url }) => url?.startsWith('/token'))).toHaveLength(1)
  })
})
