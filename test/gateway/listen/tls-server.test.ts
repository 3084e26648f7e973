import { once } from 'node:events'
import { get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import { afterAll, afterEach, describe, expect, it } from '@jest/globals'
import { createClientCertificates } from '../../../gateway/listen/certificates/client-certificate.ts'
import { openCertificates } from '../../../gateway/listen/certificates/files.ts'
import type { TlsSettings } from '../../../gateway/listen/tls-options.ts'
import { createTlsServer } from '../../../gateway/listen/tls-server.ts'
import { createLines } from './log.ts'
import { createWorkshop, type Made } from './openssl.ts'

const shop = createWorkshop()
afterAll(shop.remove)
const authority = { names: '', extensions: ['basicConstraints=critical,CA:TRUE'] }
const ca = shop.make({ name: 'ca', ...authority })
const strangers = shop.make({ name: 'strangers', ...authority })
const server = shop.make({ name: 'server', issuer: ca })
const rsa = shop.make({ name: 'rsa', issuer: ca, newkey: ['rsa:2048'] })
const alice = shop.make({
  name: 'alice',
  issuer: ca,
  subject: '/O=kura/OU=platform/OU=kura/CN=alice',
})
const mallory = shop.make({ name: 'mallory', issuer: strangers, subject: '/CN=alice' })
const late = shop.make({ name: 'late', issuer: ca, until: '20210101000000Z' })
const forServers = shop.make({
  name: 'for-servers',
  issuer: ca,
  extensions: ['extendedKeyUsage=serverAuth'],
})

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function serve(settings: Partial<TlsSettings> = {}, made: Made = server) {
  const { lines, log, next } = createLines()
  const clientcas = settings.clientcas ?? []
  const certificates = await openCertificates({ ...made, clientcas, log, interval: 5 })
  const identify = createClientCertificates()
  let calls = 0
  const it = createTlsServer(
    {
      settings: {
        minimumtls: 'tls1.2',
        clientauth: 'require-and-verify-client-cert',
        ...settings,
        clientcas,
      },
      certificates,
      log,
    },
    (request, response) => {
      calls += 1
      response.end(JSON.stringify(identify(request.socket as never) ?? 'nobody'))
    },
  )
  await once(it.listen(0, '127.0.0.1'), 'listening')
  closing.push(() => {
    it.closeAllConnections()
    it.close()
    certificates.close()
  })
  const to = {
    port: (it.address() as AddressInfo).port,
    host: '127.0.0.1',
    ca: ca.pem,
    servername: 'localhost',
  }
  return { to, lines, next, calls: () => calls }
}

async function shake(options: ConnectionOptions) {
  const socket = connect(options)
  await once(socket, 'secureConnect')
  const found = {
    cipher: socket.getCipher().standardName,
    protocol: socket.getProtocol(),
    alpn: socket.alpnProtocol,
  }
  socket.destroy()
  return found
}

async function ask(options: ConnectionOptions): Promise<unknown> {
  const request = get({ ...options, agent: false, path: '/' } as object)
  const [response] = await once(request, 'response')
  return JSON.parse(String(Buffer.concat(await response.toArray())))
}

const shown = ({ pem, keyPem }: Made) => ({ cert: pem, key: keyPem })

describe('the protocol', () => {
  it('is the one that is quickest, whatever the client would like better', async () => {
    const { to } = await serve()
    const ciphers = 'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256'
    expect(await shake({ ...to, ciphers })).toMatchObject({
      cipher: 'TLS_AES_128_GCM_SHA256',
      protocol: 'TLSv1.3',
    })
    expect((await shake({ ...to, maxVersion: 'TLSv1.2' })).cipher).toBe(
      'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    )
  })

  it('stays the same with a new certificate', async () => {
    const live = {
      certificate: shop.write('live.crt', rsa.pem + rsa.keyPem),
      key: shop.path('live.crt'),
    }
    const { to, next } = await serve({ minimumtls: 'tls1.3' }, { ...server, ...live })
    shop.write('live.crt', server.pem + server.keyPem)
    await next('have changed')
    const ciphers = 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256'
    expect((await shake({ ...to, ciphers })).cipher).toBe('TLS_AES_128_GCM_SHA256')
    await expect(shake({ ...to, maxVersion: 'TLSv1.2' })).rejects.toThrow(/version/)
  })

  it('is HTTP/1.1', async () => {
    const { to } = await serve()
    expect((await shake({ ...to, ALPNProtocols: ['h2', 'http/1.1'] })).alpn).toBe('http/1.1')
    await expect(shake({ ...to, ALPNProtocols: ['h2'] })).rejects.toThrow(/no application protocol/)
  })

  it.each([
    ['tls1.2', 'TLSv1.1', 'refused'],
    ['tls1.2', 'TLSv1.2', 'spoken'],
    ['tls1.3', 'TLSv1.2', 'refused'],
    ['tls1.3', 'TLSv1.3', 'spoken'],
  ] as const)('from %s on: %s is %s', async (minimumtls, version, what) => {
    const { to } = await serve({ minimumtls })
    const one = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }
    const found = shake({ ...to, ...one }).then(
      () => 'spoken',
      () => 'refused',
    )
    expect(await found).toBe(what)
  })

  it.each([
    ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
    ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
    ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'ECDHE-RSA-AES128-SHA'],
    ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'AES128-GCM-SHA256'],
  ])('of TLS 1.2 has the suite %s alone when that is configured', async (name, opensslName) => {
    const { to } = await serve({ ciphersuites: [name] }, rsa)
    const old = { ...to, maxVersion: 'TLSv1.2' } as const
    await expect(shake({ ...old, ciphers: opensslName })).resolves.toBeDefined()
    await expect(shake({ ...old, ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' })).rejects.toThrow()
    expect((await shake(to)).protocol).toBe('TLSv1.3')
  })
})

const all = ['alice', 'mallory', 'late', 'forServers', 'none'] as const
const clients = { alice, mallory, late, forServers, none: undefined }
const nobody = ['mallory', 'late', 'forServers', 'none']

describe('a client certificate', () => {
  it.each([
    ['require-and-verify-client-cert', []],
    ['verify-client-cert-if-given', ['none']],
    ['require-any-client-cert', ['mallory', 'late', 'forServers']],
    ['request-client-cert', nobody],
  ] as const)('with %s lets in strangers: %j', async (clientauth, strange) => {
    const { to, calls } = await serve({ clientauth, clientcas: [ca.certificate] })
    const answers: Record<string, unknown> = {}
    for (const name of all) {
      const client = clients[name]
      answers[name] = await ask({ ...to, ...(client && shown(client)) }).catch(() => 'refused')
    }
    const expected = all.map((name) => [
      name,
      (strange as readonly string[]).includes(name) ? 'nobody' : 'refused',
    ])
    expect(answers).toEqual({
      ...Object.fromEntries(expected),
      alice: { name: 'alice', groups: ['kura', 'platform'], method: 'certificate' },
    })
    expect(calls()).toBe(1 + strange.length)
  })

  it('is not asked for without authorities', async () => {
    const { to } = await serve()
    expect(await ask({ ...to, ...shown(alice) })).toBe('nobody')
  })

  it.each([
    ['its CN', '/CN=bob', 'DNS:elsewhere', 'bob'],
    ['the first of several CN', '/CN=bob/CN=eve', '', 'bob'],
    ['its first host', '/O=x', 'DNS:node-1,DNS:node-2', 'node-1'],
    ['its address', '/O=x', 'IP:10.0.0.1', '10.0.0.1'],
    ['its e-mail', '/O=x', 'email:bob@kura.test', 'bob@kura.test'],
    ['its URI', '/O=x', 'URI:spiffe://kura/bob', 'spiffe://kura/bob'],
  ])('is called by %s', async (_what, subject, names, name) => {
    const { to } = await serve({ clientcas: [ca.certificate] })
    const client = shop.make({ name: 'named', issuer: ca, subject, names })
    expect(await ask({ ...to, ...shown(client) })).toMatchObject({ name })
  })

  it.each([
    ['no name at all', '/O=x', ''],
    ['a line break in its name', '/CN=a\nb', ''],
    ['a quote in its alternative name', '/O=x', 'URI:a\\"b'],
    ['another kind of alternative name', '/O=x', 'otherName:1.2.3;UTF8:bob'],
  ])('that has %s is nobody’s', async (_what, subject, names) => {
    const { to } = await serve({ clientcas: [ca.certificate] })
    const client = shop.make({ name: 'nameless', issuer: ca, subject, names })
    expect(await ask({ ...to, ...shown(client) })).toBe('nobody')
  })

  it('is verified again once the authorities have changed', async () => {
    const clientcas = [shop.write('live-ca.pem', ca.pem)]
    const { to, next } = await serve({ clientcas, clientauth: 'verify-client-cert-if-given' })
    const socket = connect({ ...to, ...shown(alice), maxVersion: 'TLSv1.2' })
    const [session] = await once(socket, 'session')
    socket.destroy()
    const again = { ...to, ...shown(alice), maxVersion: 'TLSv1.2', session } as const
    expect(await ask(again)).toMatchObject({ name: 'alice' })

    shop.write('live-ca.pem', strangers.pem)
    await next('have changed')
    await expect(ask(again)).rejects.toThrow()
    expect(await next('a TLS connection was refused')).toMatch(/^debug/)
  })
})
