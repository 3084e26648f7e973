/** Certificates for tests, as odd as they have to be: openssl makes them in a folder that goes after. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Made = { certificate: string; key: string; pem: string; keyPem: string }

type Wanted = {
  name: string
  /** The arguments of `-newkey` with its options. */
  newkey?: string[]
  subject?: string
  /** The value of subjectAltName; empty for none. */
  names?: string
  extensions?: string[]
  issuer?: Made
  /** `YYYYMMDDHHMMSSZ`. */
  from?: string
  until?: string
}

const p256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']

export function createWorkshop() {
  const folder = mkdtempSync(join(tmpdir(), 'kura-tls-'))

  return {
    folder,
    path: (name: string) => join(folder, name),

    write(name: string, text: string | Buffer): string {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    },

    openssl: (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' }),

    make: (wanted: Wanted): Made => make(folder, wanted),

    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function make(folder: string, wanted: Wanted): Made {
  const { name, newkey = p256, names = 'DNS:localhost,IP:127.0.0.1', issuer, extensions } = wanted
  const [certificate, key, request] = ['crt', 'key', 'csr'].map((end) =>
    join(folder, `${name}.${end}`),
  ) as [string, string, string]
  const subject = wanted.subject ?? `/CN=${name}`
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  openssl(
    'req',
    '-new',
    '-nodes',
    '-newkey',
    ...newkey,
    '-keyout',
    key,
    '-out',
    request,
    '-subj',
    subject,
  )

  const lines = [...(names ? [`subjectAltName=${names}`] : []), ...(extensions ?? [])]
  const file = join(folder, `${name}.cnf`)
  const period = ['default_startdate', 'default_enddate'].map((it, index) => {
    const date =
      index === 0 ? (wanted.from ?? '20200101000000Z') : (wanted.until ?? '20990101000000Z')
    return `${it} = ${date}`
  })
  writeFileSync(join(folder, `${name}.index`), '')
  writeFileSync(
    file,
    `[ca]\ndefault_ca=it\n[it]\ndatabase=${folder}/${name}.index\nnew_certs_dir=${folder}\n` +
      `rand_serial=yes\ndefault_md=sha256\npolicy=any\nunique_subject=no\n${period.join('\n')}\n` +
      `x509_extensions=ext\n[any]\nCN=optional\nO=optional\nOU=optional\n` +
      `[ext]\n${lines.join('\n')}\n`,
  )
  const signer = issuer
    ? ['-cert', issuer.certificate, '-keyfile', issuer.key]
    : ['-selfsign', '-keyfile', key]
  openssl(
    'ca',
    '-batch',
    '-notext',
    '-preserveDN',
    '-config',
    file,
    ...signer,
    '-in',
    request,
    '-out',
    certificate,
  )
  return {
    certificate,
    key,
    pem: readFileSync(certificate, 'utf8'),
    keyPem: readFileSync(key, 'utf8'),
  }
}
