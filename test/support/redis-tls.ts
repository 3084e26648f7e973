/** A Redis that speaks TLS and asks for certificates, with the authority that signed them all. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'
import { type Tls, useRedis } from './redis.ts'
import { run } from './run.ts'

export type Certificates = Awaited<ReturnType<typeof makeCertificates>>

/** The names in a server's certificate: the host and the address of this machine, or the host alone. */
const servers = { server: 'DNS:localhost,IP:127.0.0.1', named: 'DNS:localhost' }

/** `pem` holds paths: the authority's certificate, a client's, and its key. */
export async function makeCertificates(cleanup: Cleanup) {
  const folder = await cleanup.folder()
  const path = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ca')
  for (const [name, names] of Object.entries({ ...servers, client: servers.server })) {
    const [own, request, signed] = [`${name}.key`, `${name}.csr`, `${name}.pem`]
    await writeFile(path('names'), `subjectAltName=${names}`)
    await openssl('req', '-new', ...key, '-keyout', own, '-out', request, '-subj', `/CN=${name}`)
    const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
    await openssl('x509', '-req', '-in', request, ...authority, '-out', signed)
  }
  const pem = { ca: path('ca.pem'), cert: path('client.pem'), key: path('client.key') }
  const read = (name: keyof typeof pem) => readFile(pem[name], 'utf8')
  return {
    pem,
    read,
    /** The TLS options of a client of these servers. */
    trusted: async () => ({
      ca: [await read('ca')],
      cert: await read('cert'),
      key: await read('key'),
    }),
    /** For servers and sentinels that show one of the two, among themselves too. */
    tls: (name: keyof typeof servers): Tls => ({
      settings: {
        'tls-cert-file': path(`${name}.pem`),
        'tls-key-file': path(`${name}.key`),
        'tls-ca-cert-file': pem.ca,
        'tls-replication': 'yes',
        'tls-cluster': 'yes',
      },
      cli: ['--tls', '--cacert', pem.ca, '--cert', pem.cert, '--key', pem.key],
    }),
  }
}

/** Its plain port is off. */
export async function useRedisTls(cleanup: Cleanup) {
  const { pem, read, tls } = await makeCertificates(cleanup)
  const { address } = await useRedis(cleanup, { tls: tls('server') })
  return { address, pem, read }
}
