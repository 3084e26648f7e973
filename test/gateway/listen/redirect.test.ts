import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createRedirect } from '../../../gateway/listen/redirect.ts'

const open: ReturnType<typeof createRedirect>[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.close()
})

type Options = Parameters<typeof createRedirect>[0]

/** Every host is its own but those of somebody else, which are called evil. */
async function start({ port: tlsPort, ...options }: { port: number } & Pick<Options, 'challenge'>) {
  const secureHost = (name: string) =>
    name.includes('evil') ? undefined : { name, port: tlsPort === 443 ? undefined : tlsPort }
  const server = createRedirect({ secureHost, ...options })
  open.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo

  /** Sends exactly this, and answers the status and all that came. */
  return async (request: string) => {
    const socket = connect(port, '127.0.0.1')
    socket.write(request, 'latin1')
    const answer = await text(socket)
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    return {
      status: Number(head.split(' ')[1]),
      location: /^Location: (.*)$/im.exec(head)?.[1],
      heads: answer.match(/^HTTP\/1/gm)?.length,
      body,
    }
  }
}

const request = (host: string, path = '/', method = 'GET') =>
  `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`

describe('the redirect', () => {
  it.each([
    [443, 'kura.test', '/v2/', 'https://kura.test/v2/'],
    [443, 'kura.test:80', '/v2/?n=1&last=a%2fb', 'https://kura.test/v2/?n=1&last=a%2fb'],
    [5443, 'kura.test:5000', '/', 'https://kura.test:5443/'],
    [5443, 'KURA_1.test.', '/', 'https://KURA_1.test.:5443/'],
    [5443, '10.0.0.1:80', '/', 'https://10.0.0.1:5443/'],
    [5443, '[::1]:80', '/', 'https://[::1]:5443/'],
    [443, 'kura.test', '//evil.test/..', 'https://kura.test//evil.test/..'],
    [5443, 'kura.test:80', 'http://kura.test/v2/?n=1', 'https://kura.test:5443/v2/?n=1'],
    [5443, 'kura.test', 'HTTP://kura.test', 'https://kura.test:5443/'],
    [
      443,
      'kura.test',
      '/.well-known/acme-challenge/x',
      'https://kura.test/.well-known/acme-challenge/x',
    ],
  ])('to port %s for %s %s goes to %s', async (port, host, path, location) => {
    const send = await start({ port })
    expect(await send(request(host, path))).toMatchObject({ status: 301, location })
  })

  it.each(['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])('answers %s too', async (method) => {
    const send = await start({ port: 443 })
    expect((await send(request('kura.test', '/v2/', method))).status).toBe(301)
  })

  it('does not wait for a body', async () => {
    const send = await start({ port: 443 })
    const head = 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n'
    expect((await send(head)).status).toBe(301)
  })

  it.each([
    ['no host', 'GET / HTTP/1.0\r\n\r\n'],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'],
    ['an empty host', request('')],
    ['a user', request('kura.test@evil.test')],
    ['a path', request('evil.test/')],
    ['a query', request('evil.test?')],
    ['a fragment', request('evil.test#')],
    ['a backslash', request('evil.test\\')],
    ['a space', request('a b')],
    ['an escape', request('evil%2etest')],
    ['a port that is a name', request('kura.test:http')],
    ['a port out of range', request('kura.test:65536')],
    ['a number that is an address', request('2130706433')],
    ['two ports', request('kura.test:80:90')],
    ['no address in brackets', request('[::zz]')],
    ['an empty label', request('kura..test')],
    ['a label that ends in a dash', request('kura-.test')],
    ['a host that is too long', request(`${'a.'.repeat(130)}test`)],
    ['letters beyond ASCII', request('kür\xe4.test')],
    ['a whole URL of another host', request('kura.test', 'http://evil.test/')],
    ['a whole URL with a user', request('kura.test', 'http://kura.test@evil.test/')],
    ['a whole URL without a host', request('kura.test', 'http:///v2/')],
    ['no host, though the target names one', 'GET http://kura.test/ HTTP/1.1\r\n\r\n'],
    ['no path', request('kura.test', '*', 'OPTIONS')],
    ['a path beyond ASCII', request('kura.test', '/\xe4')],
  ])('is refused to %s', async (_what, sent) => {
    const send = await start({ port: 443 })
    expect(await send(sent)).toMatchObject({ status: 400, location: undefined })
  })

  it.each([
    ['that the request names', request('evil.test')],
    ['that the request names, with a port', request('evil.test:80', '/v2/')],
    ['of a whole URL', request('evil.test', 'http://evil.test/v2/')],
    ['of a whole URL in HTTP/1.0', 'GET http://evil.test/v2/ HTTP/1.0\r\n\r\n'],
  ])('does not lead to the host of somebody else %s', async (_what, sent) => {
    const send = await start({ port: 443 })
    const answer = await send(sent)
    expect(answer).toMatchObject({ status: 421, location: undefined })
    expect(answer.body).toMatch(/certificate or http\.host/)
    expect(answer.body).not.toContain('evil')
  })

  it('is one answer on one line, to the host that was asked', async () => {
    const send = await start({ port: 443 })
    const part = fc.string({
      unit: fc.constantFrom(...'aA1-_.:/@\\[]%#? \t\r\n\0\x7f\xff'),
      maxLength: 12,
    })
    await fc.assert(
      fc.asyncProperty(part, part, async (host, path) => {
        const answer = await send(request(host, `/${path}`))
        expect([301, 400, 408]).toContain(answer.status)
        const { location } = answer
        if (location === undefined) return
        expect(new URL(location).protocol).toBe('https:')
        expect(location).toMatch(/^https:\/\/[\w.[\]:-]+\/[!-~]*$/)
      }),
      { numRuns: 200 },
    )
  })
})

describe('a challenge', () => {
  const challenge = async (token: string) => (token === 'known' ? 'known.print' : undefined)
  const path = (token: string) => request('kura.test', `/.well-known/acme-challenge/${token}`)

  it.each([
    ['known', 200, 'known.print'],
    ['unknown', 404, 'there is no such challenge'],
    ['../known', 301, 'https://kura.test/.well-known/acme-challenge/../known'],
    ['known?a', 301, 'https://kura.test/.well-known/acme-challenge/known?a'],
  ])('%s is answered %s', async (token, status, body) => {
    const send = await start({ port: 443, challenge })
    expect(await send(path(token))).toMatchObject({ status, body })
  })

  it('that fails is not there', async () => {
    const send = await start({ port: 443, challenge: () => Promise.reject(new Error('secret')) })
    expect(await send(path('known'))).toMatchObject({
      status: 404,
      body: 'there is no such challenge',
    })
  })
})
