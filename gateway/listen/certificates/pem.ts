/** Reads certificates and keys from PEM files; a fault is told with setting and path. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readAtMost } from '../../../files/bounded.ts'
import { explainPermission } from '../../../files/permission.ts'

/** `setting` is what an operator would have to change. */
export type PemFile = { setting: string; path: string; text: string }

type Named = Pick<PemFile, 'setting' | 'path'>

export function fault({ setting, path }: Named, what: string, cause?: unknown): Error {
  return new Error(`${setting}: ${path} ${what}`, { cause })
}

/** A bundle of all authorities there are has a fifth of it. */
const mostBytes = 1024 * 1024

const reasons: Record<string, string> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a folder, not a file',
  ENOTDIR: 'does not exist: a part of its path is no folder',
  ELOOP: 'is a symbolic link that leads back to itself',
}

export async function readPemFile(setting: string, path: string): Promise<PemFile> {
  try {
    return { setting, path, text: (await readAtMost(path, mostBytes)).toString('latin1') }
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    const known =
      code === 'EACCES' ? `cannot be read: ${explainPermission(path, 'read')}` : reasons[code]
    throw fault({ setting, path }, known ?? `cannot be read: ${message}`, cause)
  }
}

export type Chain = { file: PemFile; certificates: [X509Certificate, ...X509Certificate[]] }

/** At least one certificate, in the order of the file; keys that lie in the same file are left. */
export function parseCertificates(file: PemFile): Chain {
  const blocks = blocksOf(file, 'a certificate')
  const [first, ...rest] = blocks.filter(({ label }) => label === 'CERTIFICATE')
  if (!first) {
    const other = blocks[0]?.label ?? ''
    const hint = isKey(other) ? '; are certificate and key the wrong way round?' : ''
    throw fault(file, `holds no certificate, only "${other}"${hint}`)
  }
  const parse = ({ text }: Block, index: number) => {
    try {
      return new X509Certificate(text)
    } catch (cause) {
      throw fault(file, `is damaged: its certificate number ${index + 1} is not one`, cause)
    }
  }
  return {
    file,
    certificates: [parse(first, 0), ...rest.map((block, index) => parse(block, index + 1))],
  }
}

export type PrivateKey = { file: PemFile; key: KeyObject }

/** The first private key of the file; certificates that lie in the same file are left. */
export function parseKey(file: PemFile): PrivateKey {
  const blocks = blocksOf(file, 'a private key')
  const block = blocks.find(({ label }) => isKey(label))
  if (!block) {
    const other = blocks[0]?.label ?? ''
    const hint = other === 'CERTIFICATE' ? '; are certificate and key the wrong way round?' : ''
    throw fault(file, `holds no private key, only "${other}"${hint}`)
  }
  if (block.label.startsWith('ENCRYPTED') || /^Proc-Type:.*ENCRYPTED/m.test(block.text)) {
    const command = `openssl pkey -in ${file.path} -out decrypted.pem`
    throw fault(file, `is encrypted, and there is nobody to type its password: ${command}`)
  }
  try {
    return { file, key: createPrivateKey(block.text) }
  } catch (cause) {
    throw fault(file, 'is damaged: its private key cannot be parsed', cause)
  }
}

function isKey(label: string): boolean {
  return label.endsWith('PRIVATE KEY')
}

type Block = { label: string; text: string }

const begin = /^-----BEGIN [A-Z0-9 ]+-----/gm
const whole = /^-----BEGIN ([A-Z0-9 ]+)-----[^-]*(?:-[^-]+)*?-----END \1-----/gm

/** Every block of the file. One that begins and never ends is a file still being written. */
function blocksOf(file: PemFile, wanted: string): Block[] {
  const { text } = file
  if (text.trim() === '') throw fault(file, `is empty; it should hold ${wanted} as PEM`)

  const blocks = [...text.matchAll(whole)].map(([found, label = '']) => ({ label, text: found }))
  const begun = text.match(begin)?.length ?? 0
  if (begun === 0) {
    const isBinary = text.startsWith('0') && /[^\t\n\r -~]/.test(text)
    const found = isBinary ? 'is binary (DER or PKCS #12), not PEM' : 'is not PEM'
    throw fault(file, `${found}; it should hold ${wanted} between BEGIN and END lines`)
  }
  if (blocks.length < begun) throw fault(file, 'breaks off in the middle')
  return blocks
}
