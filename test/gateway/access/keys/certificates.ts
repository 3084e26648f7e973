/** Makes certificates for tests, signed by themselves or by another. */
import 'reflect-metadata'
import { KeyObject, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

type Options = {
  name: string
  by?: Certified
  ca?: boolean
  notBefore?: Date
  notAfter?: Date
}

export type Certified = {
  name: string
  pem: string
  /** As an element of `x5c` has it. */
  base64: string
  privateKey: KeyObject
  keys: webcrypto.CryptoKeyPair
}

const day = 86_400_000
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

export async function createCertificate(options: Options): Promise<Certified> {
  const { name, by, ca = false } = options
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: `${Math.floor(Math.random() * 1e9) + 1}`.padStart(10, '1'),
      subject: `CN=${name}`,
      issuer: `CN=${by?.name ?? name}`,
      notBefore: options.notBefore ?? new Date(Date.now() - day),
      notAfter: options.notAfter ?? new Date(Date.now() + day),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: by?.keys.privateKey ?? keys.privateKey,
      extensions: [new x509.BasicConstraintsExtension(ca, undefined, true)],
    },
    webcrypto as never,
  )
  return {
    name,
    pem: certificate.toString('pem'),
    base64: Buffer.from(certificate.rawData).toString('base64'),
    privateKey: KeyObject.from(keys.privateKey),
    keys,
  }
}
