/** Pages in browsers: which may write here, and what the registry knows of where they come from. */
import { describe, expect, it } from '@jest/globals'
import type { Client } from './support/client.ts'
import { pushBlob, pushImage } from './support/content.ts'
import { as, loginOf, withHeaders } from './support/people.ts'
import { expectError, useRegistry } from './support/suite.ts'

type Headers = Record<string, string>
const driver = 'inmemory' as const
const evil = { Origin: 'https://evil.example' }

const start = (client: Pick<Client, 'post'>, headers: Headers) =>
  client.post('/v2/a/blobs/uploads/', { headers })

describe('a registry that allows no other origin', () => {
  const client = useRegistry({ driver, trustedProxies: ['127.0.0.1'] })
  const own = () => `http://127.0.0.1:${client.registry().port}`

  it('mounts nothing for a page of another site, and reads for it as for anyone', async () => {
    const digest = await pushBlob(client, 'a', 'a layer')
    const headers = { ...evil, 'Content-Type': 'text/plain' }
    const mount = `/v2/b/blobs/uploads/?mount=${digest}&from=a`
    const [detail] = expectError(await client.post(mount, { headers }), 403, 'DENIED')
    expect(detail).toMatchObject({ origin: 'https://evil.example' })
    expect((await client.head(`/v2/b/blobs/${digest}`)).status).toBe(404)
    expect((await client.get(`/v2/a/blobs/${digest}`, { headers })).text).toBe('a layer')
    expect((await client.post(mount)).status).toBe(201)
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('refuses %s', async (method) => {
    for (const path of ['/v2/a/blobs/uploads/', '/v2/a/manifests/v1', '/v2/token', '/']) {
      expectError(await client.send(method, path, { headers: evil }), 403, 'DENIED')
    }
  })

  it('answers the preflight of a browser, which then finds nothing allowed', async () => {
    const headers = { ...evil, 'Access-Control-Request-Method': 'DELETE' }
    const answer = await client.send('OPTIONS', '/v2/a/manifests/v1', { headers })
    expect(answer.status).toBe(200)
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
  })

  const foreign: [what: string, headers: Headers][] = [
    ['a browser that says so', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a page of a neighbour', { 'Sec-Fetch-Site': 'same-site', Origin: 'http://127.0.0.1:1' }],
    ['something new that a browser says', { 'Sec-Fetch-Site': 'elsewhere' }],
    ['a page without an origin', { Origin: 'null' }],
    ['an extension', { Origin: 'chrome-extension://abcdefgh' }],
    ['a file', { Origin: 'file://' }],
    ['two origins', { Origin: 'http://r.example, https://evil.example', Host: 'r.example' }],
    ['another port', { Origin: 'http://r.example:8080', Host: 'r.example' }],
    ['a longer name', { Origin: 'http://r.example.evil.example', Host: 'r.example' }],
    ['a user that looks like it', { Origin: 'http://r.example@evil.example', Host: 'r.example' }],
    [
      'the plain page of a registry with TLS',
      { Origin: 'http://r.example', Host: 'r.example', 'X-Forwarded-Proto': 'https' },
    ],
  ]
  it.each(foreign)('refuses writes of %s', async (_, headers) => {
    expectError(await start(client, headers), 403, 'DENIED')
  })

  const fine: [what: string, headers: Headers][] = [
    ['a client that is no browser', {}],
    ['a browser whose page is ours', { ...evil, 'Sec-Fetch-Site': 'same-origin' }],
    ['a person at the address bar', { 'Sec-Fetch-Site': 'none' }],
    ['a page of the host that was asked', { Origin: 'http://r.example', Host: 'r.example' }],
    ['one that spells it out', { Origin: 'http://R.example', Host: 'r.example:80' }],
    ['one behind a proxy with TLS', { Origin: 'https://r.example', Host: 'r.example' }],
    ['one on a port', { Origin: 'https://r.example:8443', Host: 'r.example:8443' }],
    ['a proxy that adds the port', { Origin: 'https://r.example', Host: 'r.example:443' }],
    [
      'a trusted proxy that says what its clients asked',
      {
        Origin: 'https://r.example',
        Host: 'inside:5000',
        'X-Forwarded-Host': 'r.example',
        'X-Forwarded-Proto': 'https',
      },
    ],
  ]
  it.each(fine)('takes writes of %s', async (_, headers) => {
    expect((await start(client, headers)).status).toBe(202)
  })

  it('takes writes of a page at its own address', async () => {
    expect((await start(client, { Origin: own() })).status).toBe(202)
  })
})

describe('a registry that is told its own address', () => {
  const locations = { host: 'https://r.example/', relative: true, prefix: '/' }
  const client = useRegistry({ driver, rules: { locations } })

  it('takes writes of its pages, whatever a proxy makes of Host', async () => {
    const headers = { Origin: 'https://r.example', Host: 'inside:5000' }
    expect((await start(client, headers)).status).toBe(202)
    expectError(await start(client, { ...headers, ...evil }), 403, 'DENIED')
  })
})

describe('a registry with a page on another origin', () => {
  const headers = {
    'access-control-allow-origin': ['https://ui.example'],
    'Access-Control-Allow-Methods': ['HEAD', 'GET', 'OPTIONS', 'DELETE'],
    'Access-Control-Allow-Credentials': ['true'],
  }
  const client = useRegistry({ driver, headers, login: loginOf('ann') })
  const page = { Origin: 'https://ui.example', 'Sec-Fetch-Site': 'cross-site', ...as('ann') }

  it('lets that page delete, and no other', async () => {
    const { digest } = await pushImage(withHeaders(client, as('ann')), 'a', { reference: 'v1' })
    const path = `/v2/a/manifests/${digest}`
    const refused = await client.remove(path, { headers: { ...page, ...evil } })
    expectError(refused, 403, 'DENIED')
    const answer = await client.remove(path, { headers: page })
    expect(answer.status).toBe(202)
    expect(answer.headers['access-control-allow-origin']).toBe('https://ui.example')
  })
})

describe('a registry that allows any origin', () => {
  const headers = { 'Access-Control-Allow-Origin': ['*'] }
  const client = useRegistry({ driver, headers, login: loginOf('ann') })
  const open = useRegistry({ driver, headers })

  it('lets any page write, but for what browsers send with a password unasked', async () => {
    expect((await start(open, evil)).status).toBe(202)
    expectError(await start(client, { ...evil, ...as('ann') }), 403, 'DENIED')
    const path = `/v2/a/manifests/sha256:${'0'.repeat(64)}`
    expectError(
      await client.remove(path, { headers: { ...evil, ...as('ann') } }),
      404,
      'MANIFEST_UNKNOWN',
    )
  })
})
