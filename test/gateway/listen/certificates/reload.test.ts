import { once } from 'node:events'
import { renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { afterAll, afterEach, describe, expect, it } from '@jest/globals'
import {
  type Certificates,
  openCertificates,
} from '../../../../gateway/listen/certificates/files.ts'
import { createLines } from '../log.ts'
import { createWorkshop } from '../openssl.ts'

const shop = createWorkshop()
afterAll(shop.remove)
const ca = shop.make({
  name: 'ca',
  names: '',
  extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign'],
})
const good = shop.make({ name: 'good', issuer: ca })
const other = shop.make({ name: 'other', issuer: ca })
const { path, write } = shop
const half = good.pem.slice(0, 300)

const open: Certificates[] = []
afterEach(() => {
  for (const it of open.splice(0)) it.close()
})

async function openWith(
  files: { certificate: string; key: string; clientcas?: string[] },
  interval = 5,
) {
  const { lines, log, next } = createLines()
  const certificates = await openCertificates({ ...files, log, interval })
  open.push(certificates)
  return { certificates, lines, next }
}

describe('a change of the files', () => {
  const place = { certificate: path('live.crt'), key: path('live.key') }
  const put = ({ pem, keyPem }: { pem: string; keyPem: string }) => {
    writeFileSync(place.certificate, pem)
    writeFileSync(place.key, keyPem)
  }

  it('reaches new connections, and those that are open go on', async () => {
    put(good)
    const { certificates, next } = await openWith(place)
    const server = createServer(certificates.context(), (socket) => socket.pipe(socket))
    certificates.onChange((context) => server.setSecureContext(context))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const visit = async () => {
      const { port } = server.address() as AddressInfo
      const socket = connect({ port, host: '127.0.0.1', ca: ca.pem, servername: 'localhost' })
      await once(socket, 'secureConnect')
      return socket
    }

    const early = await visit()
    put(other)
    await next('the certificate files have changed')
    const late = await visit()
    early.write('still here')
    expect(String((await once(early, 'data'))[0])).toBe('still here')
    expect(early.getPeerCertificate().subject.CN).toBe('good')
    expect(late.getPeerCertificate().subject.CN).toBe('other')
    early.destroy()
    late.destroy()
    server.close()
  })

  it.each([
    ['a key that does not fit', () => writeFileSync(place.key, other.keyPem), 'is not the key of'],
    ['half a certificate', () => writeFileSync(place.certificate, half), 'breaks off'],
    ['a file that is gone', () => unlinkSync(place.certificate), 'does not exist'],
  ])('to %s keeps the old one, and is said once', async (_what, spoil, message) => {
    put(good)
    const { certificates, lines, next } = await openWith(place)
    const before = certificates.context()
    const slower = await openWith(place, 40)
    spoil()
    expect(await next(message)).toMatch(/^error: .*; the certificate that was there before stays/)
    expect(certificates.context()).toBe(before)
    await slower.next(message)
    put(other)
    await next('have changed')
    expect(lines.filter((line) => line.startsWith('error'))).toHaveLength(1)
    expect(certificates.context().cert).toBe(other.pem)
  })

  it('by a symbolic link that is put elsewhere is seen', async () => {
    const link = path('link.pem')
    const both = [good, other].map((it, index) => write(`both-${index}`, it.pem + it.keyPem))
    symlinkSync(both[0] ?? '', link)
    const { certificates, next } = await openWith({ certificate: link, key: link })
    symlinkSync(both[1] ?? '', path('link.new'))
    renameSync(path('link.new'), link)
    await next('have changed')
    expect(certificates.context().cert).toBe(other.pem)
  })

  it('to the authorities of clients is seen', async () => {
    const clientcas = [write('cas.pem', ca.pem)]
    const { certificates, next } = await openWith({
      certificate: good.certificate,
      key: good.key,
      clientcas,
    })
    expect(certificates.context().ca).toEqual([ca.pem])
    write('cas.pem', ca.pem + other.pem)
    await next('have changed')
    expect(certificates.context().ca).toEqual([ca.pem + other.pem])
  })

  it('that a listener cannot use is reported', async () => {
    put(good)
    const { certificates, next } = await openWith(place)
    certificates.onChange(() => {
      throw new Error('no room')
    })
    put(other)
    expect(await next('no room')).toBe('error: the new certificate cannot be used: no room')
  })

  it('is not looked for once it is closed', async () => {
    put(good)
    const { certificates, lines } = await openWith(place)
    const second = await openWith(place)
    certificates.close()
    put(other)
    await second.next('have changed')
    expect(lines).toEqual([])
    expect(certificates.context().cert).toBe(good.pem)
  })
})
