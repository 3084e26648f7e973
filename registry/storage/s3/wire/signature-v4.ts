/**
 * Signing requests with version 4 of Amazon's signature: the SDK's own signer, for requests that the SDK
 * does not send. It keeps the key of the day, so that a request costs no more than its own signature.
 */
import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'

type Options = ConstructorParameters<typeof SignatureV4>[0]
type Signer = Pick<SignatureV4, 'sign'>

/** The hash of a body is a header of the request, and calculated where the header is not there yet. */
export function createSignerV4(
  options: Pick<Options, 'region' | 'service' | 'credentials'>,
): Signer {
  // Paths are encoded when they come here, and S3 signs them as they are sent.
  return new SignatureV4({ ...options, uriEscapePath: false, sha256: Sha256 })
}

type Data = Parameters<InstanceType<Options['sha256']>['update']>[0]

/** The hash of Node in the form in which the signer asks for it; with a secret, its HMAC. */
class Sha256 {
  readonly #hash

  constructor(secret?: Data) {
    this.#hash = secret ? createHmac('sha256', viewOf(secret)) : createHash('sha256')
  }

  update(data: Data): void {
    this.#hash.update(viewOf(data))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
}

function viewOf(data: Data): string | Uint8Array {
  if (typeof data === 'string') return data
  if (!ArrayBuffer.isView(data)) return new Uint8Array(data)
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
