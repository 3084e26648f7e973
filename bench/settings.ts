/** Where registries are compared: what they keep content in, and how clients reach them. */
import { run } from '../test/support/run.ts'
import { openBucket } from './bucket.ts'
import { openFolder } from './folder.ts'
import type { Stage } from './stage.ts'
import type { Storage } from './storage.ts'

export type Setting = {
  /** How the report calls it. */
  title: string
  tls: boolean
  /** Once for all peers; what it answers makes a storage for one of them. */
  open(stage: Stage): Promise<(peer: string) => Promise<Storage>>
}

const openFarBucket = (stage: Stage) => openBucket(stage, { awayMs: 20 })
const onDisk = async (stage: Stage) => () => openFolder(stage)

export const settings = {
  filesystem: { title: 'file system, HTTP', tls: false, open: onDisk },
  s3: { title: 'S3 and Redis, HTTP', tls: false, open: (stage) => openBucket(stage) },
  far: { title: 'S3 20 ms away and Redis, HTTP', tls: false, open: openFarBucket },
  tls: { title: 'file system, TLS', tls: true, open: onDisk },
} satisfies Record<string, Setting>

/** Of this machine's loopback address, and its own authority. */
export type Certificate = { certificate: string; key: string }

export async function makeCertificate(stage: Stage): Promise<Certificate> {
  const folder = await stage.folder()
  const made = { certificate: `${folder}/server.crt`, key: `${folder}/server.key` }
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-nodes', '-days', '2', '-out', made.certificate, '-keyout', made.key]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  await run('openssl', ['req', '-x509', ...kind, ...subject, ...files])
  return made
}
