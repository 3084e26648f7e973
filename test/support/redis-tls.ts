/** A Redis that speaks TLS and asks for certificates, with the authority that signed them all. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'
import { findFreePort } from './ports.ts'
import { useRedis } from './redis.ts'
import { run } from './run.ts'

/** Its plain port is off. `pem` holds paths: the authority's certificate, a client's, and its key. */
export async function useRedisTls(cleanup: Cleanup) {
  const folder = await cleanup.folder()
  const path = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ca')
  await writeFile(join(folder, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  for (const name of ['server', 'client']) {
    const [own, request, signed] = [`${name}.key`, `${name}.csr`, `${name}.pem`]
    await openssl('req', '-new', ...key, '-keyout', own, '-out', request, '-subj', `/CN=${name}`)
    const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
    await openssl('x509', '-req', '-in', request, ...authority, '-out', signed)
  }
  const port = await findFreePort()
  const tls = { 'tls-port': port, 'tls-cert-file': path('server.pem') }
  const args = Object.entries({
    ...tls,
    'tls-key-file': path('server.key'),
    'tls-ca-cert-file': path('ca.pem'),
  }).flatMap(([name, value]) => [`--${name}`, `${value}`])
  await useRedis(cleanup, { port: 0, args })
  const pem = { ca: path('ca.pem'), cert: path('client.pem'), key: path('client.key') }
  const read = (name: keyof typeof pem) => readFile(pem[name], 'utf8')
  return { address: { host: '127.0.0.1', port }, pem, read }
}
