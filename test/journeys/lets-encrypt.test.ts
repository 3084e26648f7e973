/** A certificate comes by itself, from an authority that checks who has the name. */
import { once } from 'node:events'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, expect, it } from '@jest/globals'
import { startPebble } from '../gateway/listen/certificates/pebble.ts'
import { createWorkshop } from '../gateway/listen/openssl.ts'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { startKura } from '../support/kura.ts'
import { findFreePort } from '../support/ports.ts'
import { describeWith } from '../support/programs.ts'

describeWith(['linux', 'pebble'], 'a kura that asks an authority for its certificate', () => {
  const cleanup = useCleanup()
  const shop = createWorkshop()
  afterAll(() => shop.remove())

  it('serves that certificate as soon as it has it, and sends HTTP to HTTPS', async () => {
    const httpPort = await findFreePort()
    const pebble = await startPebble(shop, httpPort)
    cleanup.add(pebble.stop)
    const folder = join(await cleanup.folder(), 'certificates')
    const letsencrypt = {
      cachefile: folder,
      email: 'admin@kura.test',
      hosts: ['registry.kura.test'],
      directoryurl: pebble.directoryUrl,
    }
    const kura = await startKura({
      env: {
        REGISTRY_HTTP_TLS_LETSENCRYPT: JSON.stringify(letsencrypt),
        REGISTRY_KURA_REDIRECT: `127.0.0.1:${httpPort}`,
        NODE_EXTRA_CA_CERTS: shop.path('pebble.crt'),
      },
    })
    cleanup.add(kura.stop)

    let issuer = ''
    while (!issuer.includes('Pebble')) issuer = await issuerAt(kura.port)
    const ask = (host: string) =>
      send('GET', `http://127.0.0.1:${httpPort}/v2/`, { headers: { Host: host } })
    const moved = await ask('registry.kura.test')
    expect(moved.status).toBe(301)
    expect(moved.headers.location).toBe(`https://registry.kura.test:${kura.port}/v2/`)
    // The temporary certificate was for this machine, too.
    let other = await ask('127.0.0.1')
    while (other.status === 301) other = await ask('127.0.0.1')
    expect([other.status, other.headers.location]).toEqual([421, undefined])
    expect((await ask('evil.test')).status).toBe(421)
  })
})

async function issuerAt(port: number): Promise<string> {
  const host = '127.0.0.1'
  const socket = connect({
    host,
    port,
    servername: 'registry.kura.test',
    rejectUnauthorized: false,
  })
  await once(socket, 'secureConnect')
  const { issuer } = socket.getPeerCertificate()
  socket.destroy()
  return `${issuer.CN}`
}
