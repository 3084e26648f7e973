/**
 * The fields of a manifest, read the way Go reads its structs, since most clients are written in it:
 * null is a field that was left out, and a whole number has no point. Go takes any spelling of a key
 * (`Layers`, `manife\u017fts`) and the last of two, other readers do not: a pushed manifest that may be read
 * in two ways is refused at the first such place.
 */
import { type Digest, isDigest } from './digest.ts'
import { RegistryError } from './errors.ts'
import type { Json } from './json.ts'
import type { Kind } from './json-scalars.ts'

/** Far more than any manifest has that someone needs; each descriptor is looked for in storage. */
export const most = { descriptors: 10_000, keys: 10_000 } as const

export type Descriptor = {
  /** Empty where the descriptor names none. */
  mediaType: string
  digest: Digest
  /** Of what is meant; a size above 2^53 is rounded. */
  size: number | undefined
  urls: string[]
  platform: { architecture: string; os: string } | undefined
}

/**
 * `strict` for a manifest that is pushed. One from a volume is read as far as it can be: a field that is
 * not as it should be counts as left out.
 */
type Reading = {
  json: Json
  strict: boolean
  steps: (string | number)[]
  descriptors: number
}

type Read<T> = (reading: Reading) => T | undefined
type Fields = Record<string, Read<unknown>>
type Found<F extends Fields> = { [K in keyof F]?: NonNullable<ReturnType<F[K]>> | undefined }

/** A value of one kind, or null for none. */
function only<T>(wanted: Kind, allowed: string, read: Read<T>): Read<T> {
  return (reading) => {
    const found = reading.json.kind()
    if (found === wanted) return read(reading)
    if (found !== 'null') refuse(reading, `is of the wrong kind (${found}); allowed is ${allowed}`)
    reading.json.skip()
    return undefined
  }
}

const text = only('text', 'text', ({ json }) => json.text())

/** Text that nobody here looks at. */
const anyText = only('text', 'text', ({ json }) => json.skip())

/** Bytes, which Go reads as base64 or reads nothing of the document at all. */
const base64 = only('text', 'base64', (reading) => {
  if (!reading.strict) return reading.json.skip()
  const written = reading.json.text().replace(/[\r\n]/g, '')
  const isWhole = written.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(written)
  if (!isWhole) refuse(reading, 'is not base64')
})

/** Whether there is anything at all. */
const anything: Read<true> = ({ json }) => {
  const isThere = json.kind() !== 'null'
  json.skip()
  return isThere || undefined
}

const largestInteger = 2n ** 63n - 1n

const integer = only('number', 'a whole number', (reading) => {
  const written = reading.json.number()
  const isWhole = /^-?\d{1,19}$/.test(written)
  if (isWhole && BigInt(written) >= 0n && BigInt(written) <= largestInteger) return Number(written)
  const allowed = `0 to ${largestInteger}, without a point or an exponent`
  refuse(reading, `is ${written.slice(0, 40)}; allowed is ${allowed}`)
  return undefined
})

const texts = listOf<string>('a list of texts', (reading) => {
  const found = text(reading)
  if (found === undefined) refuse(reading, 'is null; allowed is text')
  return found
})

function listOf<T>(allowed: string, item: Read<T>): Read<T[]> {
  return only('list', allowed, (reading) => {
    const found: T[] = []
    reading.json.list((index) => {
      const read = at(reading, index, item)
      if (read !== undefined) found.push(read)
    })
    return found
  })
}

/** Keys are free, so spelling means nothing; one that stands twice is still read in two ways. */
const annotations = only('object', 'keys with texts', (reading) => {
  const found = new Map<string, string>()
  const seen = new Set<string>()
  reading.json.object((key) => {
    if (reading.strict) countKey(reading, { key, seen })
    if (found.size >= most.keys) return reading.json.skip()
    found.set(key, at(reading, key, text) ?? '')
  })
  return Object.fromEntries(found)
})

/** An object with these fields and any others; `reserved` are names that other readers know. */
function object<F extends Fields>(fields: F, reserved: readonly string[] = []): Read<Found<F>> {
  const spellings = new Map([...Object.keys(fields), ...reserved].map((key) => [fold(key), key]))

  return only('object', 'an object', (reading) => {
    const found: Found<F> = {}
    const seen = new Set<string>()
    reading.json.object((key) => {
      if (reading.strict) checkKey(reading, { key, seen, spellings })
      const read = Object.hasOwn(fields, key) ? fields[key] : undefined
      if (!read) return reading.json.skip()
      found[key as keyof F] = at(reading, key, read) as Found<F>[keyof F]
    })
    return found
  })
}

type Key = { key: string; seen: Set<string>; spellings: ReadonlyMap<string, string> }

/** Nothing here is longer than the longest name that has a meaning. */
const longestName = 16

function checkKey(reading: Reading, { key, seen, spellings }: Key): void {
  countKey(reading, { key, seen })
  const meant = key.length <= longestName ? spellings.get(fold(key)) : undefined
  if (meant === undefined || meant === key) return
  refuse(reading, `has the key ${shown(key)}, which some readers take for ${meant}`)
}

/** As Go compares keys: without case, where two letters beyond ASCII have a lower case within it. */
function fold(key: string): string {
  return key.replaceAll('\u017f', 's').replaceAll('\u212a', 'k').toLowerCase()
}

function countKey(reading: Reading, { key, seen }: { key: string; seen: Set<string> }): void {
  // Readers that know no half a surrogate pair see the same key in two of them.
  const name = key.toWellFormed()
  if (seen.has(name)) refuse(reading, `has the key ${shown(name)} twice`)
  if (seen.size >= most.keys) refuse(reading, `has more than ${most.keys} keys`)
  seen.add(name)
}

const platform = object({
  architecture: text,
  os: text,
  'os.version': anyText,
  'os.features': texts,
  variant: anyText,
  features: texts,
})

const descriptorFields = object({
  mediaType: text,
  digest: text,
  size: integer,
  urls: texts,
  annotations,
  data: base64,
  platform,
  artifactType: anyText,
})

type DescriptorFields = NonNullable<ReturnType<typeof descriptorFields>>

/** A size or a type may be missing, the digest may not: it is what a descriptor is for. */
function descriptorOf(reading: Reading, found: DescriptorFields): Descriptor | undefined {
  const { mediaType = '', digest = '', size, urls = [] } = found
  if (!isDigest(digest)) {
    const allowed = 'sha256:<64 hex digits> or sha512:<128 hex digits>'
    refuse(reading, `has the digest ${shown(digest)}; allowed is ${allowed}`)
    return undefined
  }
  const { architecture = '', os = '' } = found.platform ?? {}
  return { mediaType, digest, size, urls, platform: found.platform && { architecture, os } }
}

const descriptor: Read<Descriptor> = (reading) => {
  const found = descriptorFields(reading)
  return found && descriptorOf(reading, found)
}

const descriptors = listOf<Descriptor>('a list of descriptors', (reading) => {
  reading.descriptors++
  if (reading.descriptors > most.descriptors) {
    refuse(reading, `is one too many: a manifest has at most ${most.descriptors} descriptors`)
  }
  const found = descriptorFields(reading)
  if (!found) refuse(reading, 'is null; allowed is a descriptor')
  return found && descriptorOf(reading, found)
})

/** Go writes a subject that was never set as one whose fields are all empty. */
const subject: Read<Digest> = (reading) => {
  const found = descriptorFields(reading)
  if (!found || !(found.digest || found.mediaType || found.size)) return undefined
  return descriptorOf(reading, found)?.digest
}

/** The document as a whole, of whatever kind it is. */
export const manifestFields = object(
  {
    schemaVersion: integer,
    mediaType: text,
    artifactType: text,
    config: descriptor,
    layers: descriptors,
    manifests: descriptors,
    blobs: descriptors,
    subject,
    annotations,
    fsLayers: anything,
  },
  ['name', 'tag', 'architecture', 'history', 'signatures'],
)

export type ManifestFields = NonNullable<ReturnType<typeof manifestFields>>

function at<T>(reading: Reading, step: string | number, read: Read<T>): T | undefined {
  reading.steps.push(step)
  const found = read(reading)
  reading.steps.pop()
  return found
}

/** Throws for what is pushed. The place comes first in the message. */
function refuse({ strict, steps }: Reading, fault: string): void {
  if (!strict) return
  const place = steps
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step.slice(0, 60)}`))
    .join('')
  const detail = `${place.replace(/^\./, '') || 'the manifest'} ${fault}`
  throw new RegistryError('manifestInvalid', { detail })
}

const shown = (found: string) => JSON.stringify(found.slice(0, 100))
