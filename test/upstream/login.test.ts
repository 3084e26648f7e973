/** Where a login goes, and where it does not: other hosts, other ports, token servers elsewhere, errors. */
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { digestOf } from '../support/image.ts'
import { failure, login, open, startFake } from './support.ts'

const cleanup = useCleanup()
const layer = randomBytes(3000)
const blob = digestOf(layer)
const ann = login('ann', 'secret')

describe('a login', () => {
  it('goes to no other host, to no other port, and back from there to nobody', async () => {
    const elsewhere = await startFake(cleanup, (request, response) => {
      if (request.url === '/back') response.writeHead(307, { location: `${own.url.href}end` }).end()
      else response.end(layer)
    })
    const own = await startFake(cleanup, (request, response) => {
      if (request.url === '/end') return void response.end(layer)
      if (!request.headers.authorization) {
        response.setHeader('www-authenticate', 'Basic realm="x"').writeHead(401).end()
        return
      }
      const to = request.url?.includes('team/app') ? '' : 'back'
      response.writeHead(307, { location: `${elsewhere.url.href}${to}` }).end()
    })
    const upstream = open(cleanup, own.url, { credentials: ann, installation: 'kura-here' })
    for (const repository of ['team/app', 'team/back']) {
      const found = await upstream.blobs.open(repository, blob)
      expect(await buffer(found?.body as never)).toEqual(layer)
    }
    const sent = (it: typeof own) =>
      it.asked.map(({ headers }) => [headers.authorization, headers.via])
    const basic = `Basic ${Buffer.from('ann:secret').toString('base64')}`
    const via = '1.1 kura-here'
    expect(sent(elsewhere)).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ])
    expect(sent(own)).toEqual([
      [undefined, via],
      [basic, via],
      [basic, via],
      [undefined, undefined],
    ])
  })

  it('goes to no token server in another domain', async () => {
    const own = await startFake(cleanup, (_, response) => {
      const challenge = 'Bearer realm="https://token.partner.example/token"'
      response.setHeader('www-authenticate', challenge).writeHead(401).end()
    })
    expect(await failure(open(cleanup, own.url, { credentials: ann }).tags('team/app'))).toEqual([
      'unauthorized',
      expect.stringMatching(/login to be sent to token\.partner\.example.* tokenhosts/),
    ])
  })

  it('is in no error, whatever an upstream answers', async () => {
    const own = await startFake(cleanup, (_, response) => {
      response.setHeader('www-authenticate', 'Basic realm="x"').writeHead(401).end()
    })
    const upstream = open(cleanup, own.url, { credentials: login('ann', 'the-secret') })
    const error = await upstream.tags('team/app').catch((it) => it)
    expect(JSON.stringify([error, error.message, error.stack])).not.toMatch(/the-secret|YW5u/)
  })
})
