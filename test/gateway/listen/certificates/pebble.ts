/** Pebble, an ACME authority for tests, with a DNS where every name is this machine. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent } from 'node:https'
import * as acme from 'acme-client'
import { findFreePort } from '../../../support/ports.ts'
import type { createWorkshop } from '../openssl.ts'

/** `httpPort` is where it looks for the answers to its challenges. */
export async function startPebble(shop: ReturnType<typeof createWorkshop>, httpPort: number) {
  const [api, management, dns] = [await findFreePort(), await findFreePort(), await findFreePort()]
  const tls = shop.make({ name: 'pebble' })
  const config = shop.write(
    'pebble.json',
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${api}`,
        managementListenAddress: `127.0.0.1:${management}`,
        certificate: tls.certificate,
        privateKey: tls.key,
        httpPort,
        tlsPort: 1,
      },
    }),
  )
  const resolver = spawn('pebble-challtestsrv', [
    ...['-http01', '', '-https01', '', '-tlsalpn01', ''],
    ...['-dns01', `127.0.0.1:${dns}`, '-management', '127.0.0.1:0'],
    ...['-defaultIPv4', '127.0.0.1', '-defaultIPv6', ''],
  ])
  const server = spawn('pebble', ['-config', config, '-dnsserver', `127.0.0.1:${dns}`], {
    env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' },
  })
  let output = ''
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
      if (output.includes('Listening on: 127.0.0.1') || /ACME directory available/.test(output))
        resolve()
    })
  }
  server.once('exit', () => reject(new Error(output)))
  await promise
  acme.axios.defaults.httpsAgent = new Agent({ ca: tls.pem })
  Object.assign(acme.axios.defaults, { acmeSettings: { retryMaxAttempts: 0 } })

  return {
    directoryUrl: `https://127.0.0.1:${api}/dir`,
    output: () => output,
    async stop() {
      const gone = [server, resolver]
        .filter((it) => it.exitCode === null)
        .map((it) => once(it, 'exit'))
      server.kill()
      resolver.kill()
      await Promise.all(gone)
    },
  }
}
