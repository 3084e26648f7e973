/**
 * Signing requests with version 4 of Amazon's signature. The SDK has a signer too, but derives the key
 * of the day and sorts what it is given with far more work than the signing itself is.
 */
import { createHmac, hash } from 'node:crypto'

export type Keys = {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

export type Unsigned = {
  method: string
  /** Encoded, as it is sent. */
  path: string
  query: Record<string, string>
  /** With names in lower case, `host` among them. */
  headers: Record<string, string>
}

type Scope = { region: string; service: string }

/** Proxies may change it. */
const unsigned = new Set(['user-agent'])

/** What is beyond these, `encodeURIComponent` leaves as it is; Amazon does not. */
const alsoEncoded = /[!'()*]/g

export function encode(text: string): string {
  return encodeURIComponent(text).replace(
    alsoEncoded,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** As it is signed, and so as it is sent. */
export function queryOf(query: Record<string, string>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
}

export function createSignerV4({ region, service }: Scope) {
  const keyFor = rememberKey(region, service)

  /** Answers all headers, those that were there among them. `payload` is the hash of the body. */
  return (request: Unsigned, call: { keys: Keys; date: Date; payload: string }) => {
    const { keys, date, payload } = call
    const time = date.toISOString().replace(/[-:]|\.\d+/g, '')
    const day = time.slice(0, 8)
    const headers: Record<string, string> = { ...request.headers, 'x-amz-date': time }
    headers['x-amz-content-sha256'] = payload
    if (keys.sessionToken) headers['x-amz-security-token'] = keys.sessionToken

    const names = Object.keys(headers)
      .filter((name) => !unsigned.has(name))
      .sort()
    const lines = names.map((name) => `${name}:${trimmed(headers[name] ?? '')}\n`)
    const signed = names.join(';')
    const canonical = [
      request.method,
      request.path,
      queryOf(request.query),
      lines.join(''),
      signed,
      payload,
    ].join('\n')

    const scope = `${day}/${region}/${service}/aws4_request`
    const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', canonical)}`
    const signature = createHmac('sha256', keyFor(keys.secretAccessKey, day)).update(text)
    const credential = `Credential=${keys.accessKeyId}/${scope}`
    headers.authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${signed}, Signature=${signature.digest('hex')}`
    return headers
  }
}

const trimmed = (value: string) => value.trim().replace(/\s+/g, ' ')

/** The key of one day is made of the secret in four steps; only the last is kept. */
function rememberKey(region: string, service: string) {
  let last: { secret: string; day: string; key: Buffer } | undefined

  return (secret: string, day: string): Buffer => {
    if (last?.day === day && last.secret === secret) return last.key
    const parts = [day, region, service, 'aws4_request']
    const key = parts.reduce(
      (key, part) => createHmac('sha256', key).update(part).digest(),
      Buffer.from(`AWS4${secret}`),
    )
    last = { secret, day, key }
    return key
  }
}
