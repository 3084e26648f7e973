/**
 * The certificate, key and client authorities of the listener, as files that may be replaced at any
 * time: what they hold is checked, then handed to those that asked to hear of changes. A file that
 * cannot be used leaves in force what was there before.
 */
import { createHash, type X509Certificate } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'
import type { Logger } from 'pino'
import { watch } from '../../../files/watch.ts'
import { chainWarnings, checkPair, keyPem, nameOf, pemOf, validityWarnings } from './pair.ts'
import { type PemFile, parseCertificates, parseKey, readPemFile } from './pem.ts'

type CertificateOptions = {
  /** Paths. The certificate's file has its chain, and may be the one that has the key. */
  certificate: string
  key: string
  clientcas?: readonly string[]
  log: Pick<Logger, 'info' | 'warn' | 'error'>
  /**
   * Milliseconds between two looks at the files, and until they are settled: two files cannot be replaced at
   * once, and only what is still wrong then is a fault.
   */
  interval?: number
}

type CertificateContext = Pick<SecureContextOptions, 'cert' | 'key' | 'ca'>

type Listener = (context: CertificateContext) => void

export type Certificates = Awaited<ReturnType<typeof openCertificates>>

type Material = { context: CertificateContext; warnings: string[]; leaf: X509Certificate }

/** Throws what is wrong with the files; an expired certificate is a warning. */
export async function openCertificates(options: CertificateOptions) {
  const { log, interval = 2_500 } = options
  const listeners = new Set<Listener>()
  const watched = watch<Material>({
    look,
    settleMs: interval,
    report: (error) => {
      const { message } = error as Error
      log.error(`${message}; the certificate that was there before stays in force`)
    },
    onChange(next) {
      material = next
      const { leaf, context } = next
      const expires = leaf.validToDate.toISOString()
      log.info({ subject: nameOf(leaf), expires }, 'the certificate files have changed')
      for (const warning of next.warnings) log.warn(warning)
      for (const listener of listeners) tell(listener, context)
    },
  })
  let material = await watched.check()
  for (const warning of material.warnings) log.warn(warning)
  watched.poll(interval)

  return {
    context: (): CertificateContext => material.context,

    /** The certificate in force. */
    leaf: (): X509Certificate => material.leaf,

    /** Calls back with each new context; the answer stops it. */
    onChange(listener: Listener): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    close: () => void watched.close(),
  }

  async function look() {
    const files = await readFiles(options)
    return { mark: hashOf(files), make: () => check(files) }
  }

  /** One that fails is reported at once: the files will look well at the next look. */
  function tell(listener: Listener, context: CertificateContext) {
    try {
      listener(context)
    } catch (error) {
      log.error(`the new certificate cannot be used: ${(error as Error).message}`)
    }
  }
}

type Files = { certificate: PemFile; key: PemFile; clientcas: PemFile[] }

async function readFiles({ certificate, key, clientcas = [] }: CertificateOptions): Promise<Files> {
  return {
    certificate: await readPemFile('http.tls.certificate', certificate),
    key: await readPemFile('http.tls.key', key),
    clientcas: await Promise.all(clientcas.map((path) => readPemFile('http.tls.clientcas', path))),
  }
}

function hashOf({ certificate, key, clientcas }: Files): string {
  const texts = [certificate, key, ...clientcas].map(({ text }) => text)
  return createHash('sha256').update(JSON.stringify(texts)).digest('base64')
}

/** Throws unless every file can be used, and all of them together. */
function check(files: Files): Material {
  const chain = parseCertificates(files.certificate)
  const key = parseKey(files.key)
  checkPair(chain, key)
  const authorities = files.clientcas.map(parseCertificates)
  const now = new Date()
  const [leaf] = chain.certificates
  const ca = authorities.map(({ certificates }) => pemOf(certificates))
  return {
    context: {
      cert: pemOf(chain.certificates),
      key: keyPem(key),
      ...(ca.length > 0 && { ca }),
    },
    warnings: [
      ...chainWarnings(chain, now),
      ...authorities.flatMap((authority) => validityWarnings(authority, now)),
    ],
    leaf,
  }
}
