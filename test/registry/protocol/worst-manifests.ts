/**
 * Reads the worst manifests of 4 MiB that a client could push, and says of each what came of it and how
 * long it took: a process of its own, so that its heap can be bounded.
 */
import { parseManifest, readStoredManifest } from '../../../registry/protocol/manifest.ts'
import { imageManifest } from '../../../registry/protocol/media-types.ts'

export type Outcome = { what: string; pushed: string; milliseconds: number }

const size = 4 * 1024 * 1024
const digest = `"digest":"sha256:${'a'.repeat(64)}"`
const head = `{"schemaVersion":2,"config":{${digest}}`

/** `item` again and again, between what comes before and after it. */
function fill(open: string, item: string, close: string): Buffer {
  const bytes = Buffer.alloc(size, ' ')
  const count = Math.floor((size - open.length - close.length) / item.length)
  bytes.write(open)
  bytes.fill(item, open.length, open.length + count * item.length)
  // The last comma is one too many.
  bytes.write(` ${close}`, open.length + count * item.length - 1)
  return bytes
}

/** As many items as there is room for, each with a number of its own. */
function number(open: string, item: (at: number) => string, close: string): Buffer {
  const bytes = Buffer.alloc(size, ' ')
  let end = bytes.write(open)
  for (let at = 0; end < size - 1000; at++) end += bytes.write(item(at), end)
  bytes.write(close, end - 1)
  return bytes
}

const long = (unit: string, more: number) =>
  unit.repeat(Math.floor((size - head.length - more) / unit.length))

const documents: Record<string, () => Buffer> = {
  'empty layers': () => fill(`${head},"layers":[`, '{},', ']}'),
  'layers of null': () => fill(`${head},"layers":[`, 'null,', ']}'),
  'layers that are the same': () => fill(`${head},"layers":[`, `{${digest}},`, ']}'),
  'urls of one layer': () => fill(`${head},"layers":[{${digest},"urls":[`, '"",', ']}]}'),
  'unknown keys': () => number(`${head},`, (at) => `"k${at}":1,`, '}'),
  'unknown keys of an unknown one': () => number(`${head},"x":{`, (at) => `"k${at}":1,`, '}}'),
  annotations: () => number(`${head},"annotations":{`, (at) => `"${at}":"",`, '}}'),
  'empty lists': () => fill(`${head},"x":[`, '[],', ']}'),
  'empty objects': () => fill(`${head},"x":[`, '{},', ']}'),
  numbers: () => fill(`${head},"x":[`, '1,', ']}'),
  'numbers that are no numbers of ours': () => fill(`${head},"x":[`, '1e400,', ']}'),
  nesting: () => fill(`${head},"x":[`, `${'['.repeat(60)}${']'.repeat(60)},`, ']}'),
  'one long key': () => Buffer.from(`${head},"${long('k', 8)}":1}`),
  'one long text': () => Buffer.from(`${head},"annotations":{"a":"${long('k', 30)}"}}`),
  'one text of escapes': () => Buffer.from(`${head},"annotations":{"a":"${long('\\u0000', 30)}"}}`),
  'one long number': () => Buffer.from(`${head},"subject":{"size":${long('9', 30)}}}`),
  'one long digest': () => Buffer.from(`${head},"subject":{"digest":"${long('9', 30)}"}}`),
  blanks: () => Buffer.from(`${head}${long(' ', 1)}}`),
}

function tryPush(bytes: Buffer): string {
  try {
    parseManifest(bytes, imageManifest)
    return 'taken'
  } catch (error) {
    return (error as { details?: string[] }).details?.join('; ') ?? String(error)
  }
}

for (const [what, build] of Object.entries(documents)) {
  const bytes = build()
  const since = process.cpuUsage()
  const pushed = tryPush(bytes)
  const { user, system } = process.cpuUsage(since)
  // The manifest may lie in a volume of another registry, so it is read from there as well.
  readStoredManifest(bytes)
  const outcome: Outcome = { what, pushed, milliseconds: (user + system) / 1000 }
  process.stdout.write(`${JSON.stringify(outcome)}\n`)
}
