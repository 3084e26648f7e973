/**
 * The shape of requests for single objects. The SDK knows it best: the address of the bucket, the headers
 * that the settings ask for, the user agent. It builds one request of each kind, for a made-up key that
 * the real ones then replace.
 */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'

const key = 'key'

type At = { Bucket: string; Key: string }

const commands = {
  HeadObject: (at: At) => new HeadObjectCommand(at),
  GetObject: (at: At) => new GetObjectCommand(at),
  PutObject: (at: At, writing: Partial<PutObjectCommandInput>) =>
    new PutObjectCommand({ ...at, ...writing }),
  DeleteObject: (at: At) => new DeleteObjectCommand(at),
  UploadPart: (at: At) => new UploadPartCommand({ ...at, PartNumber: 1, UploadId: 'id' }),
}

export type Kind = keyof typeof commands

export type Pattern = {
  method: string
  isEncrypted: boolean
  hostname: string
  port: number | undefined
  /** The part of the path before the key. */
  path: string
  /** Names in lower case. */
  headers: Record<string, string>
  region: string
  service: string
}

/** The headers that differ from request to request. */
const own = new Set(['content-length', 'x-amz-content-sha256'])

type Found = {
  request: {
    method: string
    protocol: string
    hostname: string
    port?: number
    path: string
    headers: Record<string, string>
  }
  context: { signing_region?: string; signing_service?: string }
}

export async function askForPattern(
  client: S3Client,
  kind: Kind,
  { bucket, writing }: { bucket: string; writing: Partial<PutObjectCommandInput> },
): Promise<Pattern> {
  const { request, context } = await capture(client, kind, { bucket, writing })
  const headers = Object.entries(request.headers)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !own.has(name))
  return {
    method: request.method,
    isEncrypted: request.protocol === 'https:',
    hostname: request.hostname.replace(/^\[|\]$/g, ''),
    port: request.port,
    path: request.path.slice(0, -key.length),
    headers: Object.fromEntries(headers),
    region: context.signing_region ?? (await client.config.region()),
    service: context.signing_service ?? 's3',
  }
}

/** The request as it is before it would be signed and sent. */
async function capture(
  client: S3Client,
  kind: Kind,
  { bucket, writing }: { bucket: string; writing: Partial<PutObjectCommandInput> },
): Promise<Found> {
  const found = Promise.withResolvers<Found>()
  const stack = client.middlewareStack.clone()
  stack.remove('reportCalls')
  stack.add(
    (_, context) => async (args) => {
      found.resolve({ request: args.request, context } as Found)
      return { output: { $metadata: {} }, response: undefined }
    },
    // The last of those that build it; what comes next signs and sends it.
    { step: 'build', priority: 'low', name: 'capture' },
  )
  const command = commands[kind]({ Bucket: bucket, Key: key }, writing)
  const ask = command.resolveMiddleware(stack as never, client.config as never, {})
  await ask(command as never)
  return found.promise
}
