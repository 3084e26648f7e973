/** The bytes of manifests: what is no honest JSON is refused, what a volume holds is served. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseManifest, readStoredManifest } from '../../../registry/protocol/manifest.ts'
import { imageIndex, imageManifest } from '../../../registry/protocol/media-types.ts'
import { thrownBy } from './arbitrary.ts'
import { artifactManifest, describeText, dockerImage, encode, image, index } from './documents.ts'

const text = JSON.stringify(image())

describe('bytes that are no JSON of ours', () => {
  const rows: [what: string, bytes: Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['a byte order mark before it', Buffer.from(`\ufeff${text}`)],
    ['UTF-16', Buffer.from(text, 'utf16le')],
    [
      'a byte that is no UTF-8',
      Buffer.concat([encode({ a: 'x' }).subarray(0, 6), Buffer.of(0xff)]),
    ],
    ['UTF-8 longer than need be', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ['half a surrogate pair', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['a document that breaks off', Buffer.from(text.slice(0, -1))],
    ['two documents', Buffer.from(text + text)],
    ['something after it', Buffer.from(`${text}\0`)],
    ['a comment', Buffer.from(`/* image */ ${text}`)],
    ['a comma too many', Buffer.from(`${text.slice(0, -1)},}`)],
  ]
  it.each(rows)('are refused: %s', (_what, bytes) => {
    const error = thrownBy(() => parseManifest(bytes, imageManifest))
    expect(error).toMatchObject({ reason: 'manifestInvalid', status: 400 })
    expect(readStoredManifest(bytes)).toBeUndefined()
  })

  it('may end in a line break and be written with spaces', () => {
    const bytes = Buffer.from(`  ${JSON.stringify(image(), undefined, 3)}\n`)
    expect(parseManifest(bytes, imageManifest).layers).toHaveLength(1)
  })
})

describe('nesting', () => {
  const nested = (depth: number, open: string, close: string) =>
    Buffer.from(`${text.slice(0, -1)},"x":${open.repeat(depth)}${close.repeat(depth)}}`)

  it('is taken to a depth of 64', () => {
    expect(parseManifest(nested(63, '[', ']'), imageManifest).shape).toBe('image')
    const error = thrownBy(() => parseManifest(nested(64, '[', ']'), imageManifest))
    expect(error).toMatchObject({ reason: 'manifestInvalid' })
  })

  it('that means to exhaust a reader is refused in no time', () => {
    const since = performance.now()
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
      ['[', ''],
    ] as const) {
      const bytes = nested(600_000, open, close)
      expect(thrownBy(() => parseManifest(bytes, imageManifest))).toMatchObject({
        reason: 'manifestInvalid',
      })
      expect(readStoredManifest(bytes)).toBeUndefined()
    }
    expect(performance.now() - since).toBeLessThan(1_000)
  })

  it.each([`"${'['.repeat(100)}`, `\\${'{'.repeat(100)}\\`, `\\"${'['.repeat(100)}\\"`])(
    'does not count what stands in the text %s',
    (note) => {
      const bytes = encode(image({ annotations: { note, other: note } }))
      expect(parseManifest(bytes, imageManifest).annotations?.note).toBe(note)
    },
  )

  it('does not count what stands in any text', () => {
    const texts = fc.array(
      fc.oneof(fc.constantFrom('[', '{', '"', '\\', '\\"', '"['), fc.string()),
      {
        maxLength: 200,
      },
    )
    fc.assert(
      fc.property(texts, (parts) => {
        const bytes = encode(image({ annotations: { note: parts.join('') } }))
        expect(parseManifest(bytes, imageManifest).annotations).toEqual({ note: parts.join('') })
      }),
    )
  })
})

describe('names with a meaning in the language', () => {
  it('do no harm as keys', () => {
    const bytes = Buffer.from(
      `${text.slice(0, -1)},"__proto__":{"manifests":[]},"annotations":{"__proto__":"x","constructor":"y"}}`,
    )
    const found = parseManifest(bytes, imageManifest)
    expect(found.manifests).toEqual([])
    expect(({} as Record<string, unknown>).manifests).toBeUndefined()
  })
})

describe('a stored manifest', () => {
  const rows: [what: string, document: unknown, type: string, shape: string][] = [
    ['is what it says', image({ mediaType: dockerImage }), dockerImage, 'image'],
    ['is an image when it says nothing', image({ mediaType: undefined }), imageManifest, 'image'],
    ['is an index when it has manifests', index({ mediaType: undefined }), imageIndex, 'index'],
    [
      'is an artifact when it says so',
      { mediaType: artifactManifest },
      artifactManifest,
      'artifact',
    ],
    ['is served though we would not take it', image({ layers: 'x' }), imageManifest, 'image'],
    ['is served though it is mixed', image({ manifests: [] }), imageManifest, 'image'],
    ['is served under a type of its own', { mediaType: 'application/x' }, 'application/x', 'image'],
  ]
  it.each(rows)('%s', (_what, document, mediaType, shape) => {
    expect(readStoredManifest(encode(document))).toMatchObject({ mediaType, shape })
  })

  it('of schema 1 is none', () => {
    expect(readStoredManifest(encode({ schemaVersion: 1, fsLayers: [] }))).toBeUndefined()
  })

  it('keeps its subject', () => {
    const subject = describeText('subject')
    expect(readStoredManifest(encode(image({ subject })))?.subject).toBe(subject.digest)
  })
})
