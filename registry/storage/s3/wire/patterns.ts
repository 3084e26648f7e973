/** For each kind of request its pattern, which the SDK is asked for once, and what signs those made after it. */
import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3'
import type { S3Options } from '../options.ts'
import { askForPattern, type Kind, type Pattern } from './shape.ts'
import { createSignerV2 } from './signature-v2.ts'
import { createSignerV4 } from './signature-v4.ts'

/** With TLS, bytes arrive as they left; hashing them once more costs as much. */
const unsignedPayload = 'UNSIGNED-PAYLOAD'

type Options = {
  client: S3Client
  settings: S3Options
  writing: Partial<PutObjectCommandInput>
}

export function createPatterns({ client, settings, writing }: Options) {
  const patterns = new Map<Kind, Promise<{ pattern: Pattern; sign: Sign }>>()
  return { patternOf }

  function patternOf(kind: Kind) {
    const known = patterns.get(kind)
    if (known) return known
    const place = { bucket: settings.bucket, writing }
    const asked = askForPattern(client, kind, place).then((pattern) => ({
      pattern,
      sign: signerFor(pattern, settings, client),
    }))
    patterns.set(kind, asked)
    // Something that was missing, such as credentials, may be there the next time.
    asked.catch(() => patterns.delete(kind))
    return asked
  }
}

type Query = Record<string, string>
type Sign = (
  request: { method: string; path: string; query: Query; headers: Query },
  signingDate: Date,
  body: Uint8Array,
) => Promise<Record<string, string>>

function signerFor(pattern: Pattern, settings: S3Options, client: S3Client): Sign {
  const { isEncrypted, hostname, region, service } = pattern
  const credentials = () => client.config.credentials()
  const signer = settings.v4auth
    ? createSignerV4({ region, service, credentials })
    : createSignerV2(settings, credentials)
  const address = { protocol: isEncrypted ? 'https:' : 'http:', hostname }
  const own: Query =
    settings.v4auth && isEncrypted ? { 'x-amz-content-sha256': unsignedPayload } : {}
  return async ({ headers, ...request }, signingDate, body) => {
    const unsigned = { ...request, ...address, body, headers: { ...headers, ...own } }
    return (await signer.sign(unsigned, { signingDate })).headers
  }
}
