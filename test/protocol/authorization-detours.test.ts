/** Ways round the policies that somebody may try, each of which leads nowhere. */
import { describe, expect, it } from '@jest/globals'
import { createCallSigner } from '../../gateway/pool/call-signer.ts'
import { poolSecret } from '../support/pool.ts'
import { follow } from './support/client.ts'
import { sha256, startUpload } from './support/content.ts'
import { names, robotToken, useGuarded } from './support/guarded.ts'
import { as, withHeaders } from './support/people.ts'
import { exchange, head } from './support/raw.ts'

const { client, people } = useGuarded()
const { stranger, reader, writer, owner } = people

const hidden = '/v2/hidden/app/manifests/latest'

describe('a path', () => {
  const paths = [
    hidden,
    '/v2/team/app/../../hidden/app/manifests/latest',
    '/v2/team/../hidden/app/manifests/latest',
    '/v2/./hidden/app/manifests/latest',
    '/v2/hidden/./app/manifests/latest',
    '/v2//hidden/app/manifests/latest',
    '//v2/hidden/app/manifests/latest',
    '/v2/hidden//app/manifests/latest',
    '/v2/hidden/app/manifests//latest',
    '/v2/hidden/app/manifests/latest/',
    '/v2/hidden/app/manifests/latest/.',
    '/v2/hidden%2fapp/manifests/latest',
    '/v2/hidden%2Fapp/manifests/latest',
    '/v2/hidden%252Fapp/manifests/latest',
    '/v2/%68idden/app/manifests/latest',
    '/v2/team/app%2f..%2f..%2fhidden/app/manifests/latest',
    '/v2/team/%2e%2e/hidden/app/manifests/latest',
    '/v2/team/.%2E/hidden/app/manifests/latest',
    '/v2/team/app/manifests/..%2f..%2f..%2fhidden%2fapp%2fmanifests%2flatest',
    '/v2/team\\..\\hidden/app/manifests/latest',
    '/v2/team%5c..%5chidden/app/manifests/latest',
    '/v2/hidden/app;team/app/manifests/latest',
    '/v2/HIDDEN/app/manifests/latest',
    '/v2/Hidden/App/manifests/latest',
    '/V2/hidden/app/manifests/latest',
    '/v2/hidden/app/MANIFESTS/latest',
    '/v2/hidden/app/manifests/latest?repository=team/app',
    '/v2/hidden/app/manifests/latest?from=team/app&name=team/app',
    '/v2/hidden/app/manifests/latest%00',
    '/v2/hidden/app/manifests/latest%20',
    '/v2/hidden/app\u00a0/manifests/latest'.replace('\u00a0', '%c2%a0'),
    `/v2/team/app/blobs/../../../hidden/app/blobs/${sha256('a layer')}`,
    `/v2/hidden/app/blobs/${sha256('a layer').toUpperCase()}`,
    '/v2/team/app/tags/list/../../../../hidden/app/tags/list',
    '/v2/hidden/app/blobs/uploads/../../manifests/latest',
  ]
  it.each(paths)(
    '%s shows nothing to a stranger or to a reader of something else',
    async (path) => {
      for (const [person, refused] of [[stranger, 401] as const, [reader, 403] as const]) {
        for (const method of ['GET', 'HEAD']) {
          const answer = await follow(person, method, path)
          expect([400, refused, 404]).toContain(answer.status)
          expect(answer.headers['docker-content-digest']).toBeUndefined()
          expect(answer.text).not.toMatch(/schemaVersion|a layer/)
        }
      }
    },
  )

  const targets = [
    `http://team.example${hidden}`,
    `http://team.example/v2/team/app/..${hidden}`,
    hidden,
  ]
  it.each(targets)('written as the target %s is no other', async (target) => {
    const { port } = client.registry()
    const text = await exchange(
      port,
      head(`GET ${target}`, { ...as('reader'), Connection: 'close' }),
    )
    expect(text).toMatch(/^HTTP\/1\.1 40[03] /)
  })

  const unknown = ['POST', 'PATCH', 'TRACE', 'PURGE', 'PROPFIND', 'get']
  it.each(unknown)('%s is a method that no one may use, whoever asks', async (method) => {
    const { port } = client.registry()
    for (const headers of [{}, as('reader'), as('owner')]) {
      const text = await exchange(
        port,
        head(`${method} ${hidden}`, { ...headers, Connection: 'close' }),
      )
      expect(text).toMatch(method === 'get' ? /^HTTP\/1\.1 501 / : /^HTTP\/1\.1 405 /)
      expect(text).not.toContain('schemaVersion')
    }
  })

  it('is read with the method of the request, whatever else names one', async () => {
    const headers = { 'X-HTTP-Method-Override': 'DELETE', 'X-Method-Override': 'DELETE' }
    expect(
      (await writer.get('/v2/team/app/manifests/latest?_method=DELETE', { headers })).status,
    ).toBe(200)
    expect((await owner.get('/v2/team/app/manifests/latest')).status).toBe(200)
  })
})

/** A header that a worker of this registry would believe, were a gateway to pass it on. */
const signedAs = (name: string) =>
  createCallSigner(poolSecret).sign(
    { method: 'GET', url: hidden },
    {
      requestId: 'a request',
      origin: 'http://registry.example',
      address: '127.0.0.1',
      readsBlobs: true,
      identity: { name, groups: [], method: 'htpasswd' },
    },
  )

describe('a header', () => {
  const forged: [what: string, headers: Record<string, string>][] = [
    ['an identity that nobody signed', { 'kura-identity': 'owner' }],
    ['an identity with the very signature of a gateway', { 'kura-identity': signedAs('owner') }],
    [
      'what workers say',
      { 'kura-blob': `${sha256('a layer')} 0 6`, 'kura-leaving': 'yes', 'kura-unsigned': 'yes' },
    ],
    [
      'another address',
      { 'X-Forwarded-For': '127.0.0.1', 'X-Real-IP': '127.0.0.1', Forwarded: 'for=127.0.0.1' },
    ],
    [
      'another user',
      {
        'X-Forwarded-User': 'owner',
        'X-Remote-User': 'owner',
        'Remote-User': 'owner',
        'X-Auth-Request-User': 'owner',
      },
    ],
    [
      'another path',
      {
        'X-Original-URL': '/v2/team/app/manifests/latest',
        'X-Rewrite-URL': '/v2/team/app/manifests/latest',
        'X-Forwarded-Prefix': '/v2/team',
      },
    ],
    [
      'another host',
      { 'X-Forwarded-Host': 'team.example', 'X-Forwarded-Proto': 'https', Host: 'team.example' },
    ],
    ['a connection that takes headers away', { Connection: 'close, authorization, kura-identity' }],
  ]
  it.each(forged)('with %s changes nothing', async (_, headers) => {
    for (const [person, refused] of [[stranger, 401] as const, [reader, 403] as const]) {
      const answer = await person.get(hidden, { headers })
      expect(answer.status).toBe(refused)
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('kura-'))).toEqual([])
    }
    const answer = await reader.get(`/v2/team/app/blobs/${sha256('a layer')}`, { headers })
    expect(answer.status).toBe(200)
    expect(answer.text).toBe('a layer')
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('kura-'))).toEqual([])
  })

  it('is not shown from within to those who may see everything', async () => {
    const paths = [
      '/v2/',
      '/v2/_catalog',
      '/v2/team/app/tags/list',
      hidden,
      `/v2/team/app/blobs/${sha256('a layer')}`,
    ]
    for (const path of paths) {
      const { headers } = await owner.get(path)
      expect(Object.keys(headers).filter((name) => /^kura-/.test(name))).toEqual([])
    }
  })

  const pairs: [what: string, lines: string[]][] = [
    ['two people', [as('reader').authorization ?? '', as('owner').authorization ?? '']],
    ['the same twice', [as('owner').authorization ?? '', as('owner').authorization ?? '']],
    ['a password and a token', [as('owner').authorization ?? '', `Bearer ${robotToken}`]],
    ['nothing and a password', ['', as('owner').authorization ?? '']],
  ]
  it.each(pairs)('that is there twice, with %s, is nobody’s', async (_, lines) => {
    const { port } = client.registry()
    for (const values of [lines, [...lines].reverse()]) {
      const sent = values.map((value) => `Authorization: ${value}\r\n`).join('')
      const text = head('GET /v2/team/app/tags/list', { Connection: 'close' })
      const answer = await exchange(port, text.replace('\r\n\r\n', `\r\n${sent}\r\n`))
      expect(answer).toMatch(/^HTTP\/1\.1 401 /)
    }
    const joined = lines.join(', ')
    expect((await client.get('/v2/', { headers: { authorization: joined } })).status).toBe(401)
  })
})

describe('an upload of somebody else', () => {
  const steps: [method: string, query: string][] = [
    ['GET', ''],
    ['HEAD', ''],
    ['PATCH', ''],
    ['PUT', `?digest=${sha256('secret bytes')}`],
    ['DELETE', ''],
  ]
  it.each(steps)('cannot be reached from any repository: %s', async (method, query) => {
    const path = await startUpload(owner, 'hidden/app')
    await owner.patch(path, { body: 'secret bytes' })
    const id = path.split('/').at(-1)?.split('?')[0]
    const body = method === 'PATCH' ? 'more' : undefined
    const at = (repository: string) => `/v2/${repository}/blobs/uploads/${id}${query}`
    expect((await writer.send(method, at('hidden/app'), { body })).status).toBe(403)
    for (const repository of ['team/app', 'team/other', 'team/new']) {
      expect((await writer.send(method, at(repository), { body })).status).toBe(404)
      // Nor does its owner find it where it is not.
      expect((await owner.send(method, at(repository), { body })).status).toBe(404)
    }
    const own = await owner.get(path)
    expect([own.status, own.headers.range]).toEqual([204, '0-11'])
  })

  it('is not found by a twisted id', async () => {
    const path = await startUpload(owner, 'hidden/app')
    const id = path.split('/').at(-1)?.split('?')[0]
    const ids = [
      '..',
      `..%2f..%2f..%2f..%2fhidden%2fapp%2f_uploads%2f${id}`,
      `${id}%00`,
      `.${id}`,
      `${id}/`,
      '.',
      '_uploads',
    ]
    for (const twisted of ids) {
      const answer = await follow(writer, 'GET', `/v2/team/app/blobs/uploads/${twisted}`)
      expect([400, 404, 405]).toContain(answer.status)
    }
  })
})

it('is tried by everybody in vain: what is hidden is only for its owner', async () => {
  const seen: string[] = []
  for (const name of names) if ((await people[name].get(hidden)).status === 200) seen.push(name)
  expect(seen).toEqual(['owner'])
  expect((await withHeaders(client, as('anything', robotToken)).get(hidden)).status).toBe(403)
})
