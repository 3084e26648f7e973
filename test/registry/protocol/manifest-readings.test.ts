/** A manifest that two readers could read in two ways is refused: keys that stand twice, and keys that Go takes for others. */
import { describe, expect, it } from '@jest/globals'
import type { RegistryError } from '../../../registry/protocol/errors.ts'
import { parseManifest, readStoredManifest } from '../../../registry/protocol/manifest.ts'
import { imageIndex, imageManifest } from '../../../registry/protocol/media-types.ts'
import { thrownBy } from './arbitrary.ts'
import { describeText, encode, image, index } from './documents.ts'

const inside = (document: unknown, more: string) =>
  Buffer.from(`${JSON.stringify(document).slice(0, -1)},${more}}`)

function detailOf(bytes: Buffer, type: string): unknown {
  const error = thrownBy(() => parseManifest(bytes, type)) as RegistryError | undefined
  return error?.details[0]
}

/** `place` of each is an object of a manifest; the document is whole but for what is put there. */
const places: [where: string, type: string, put: (more: string) => Buffer][] = [
  ['the manifest', imageManifest, (more) => inside(image(), more)],
  ['the manifest', imageIndex, (more) => inside(index(), more)],
  ['config', imageManifest, (more) => withRaw('config', more)],
  ['layers[0]', imageManifest, (more) => withRaw('layers', more, true)],
  ['subject', imageManifest, (more) => withRaw('subject', more)],
  ['manifests[0]', imageIndex, (more) => withRaw('manifests', more, true)],
]

function withRaw(key: string, more: string, isList = false): Buffer {
  const own = inside(describeText('x'), more).toString()
  const document: Record<string, unknown> = key === 'manifests' ? index() : image()
  delete document[key]
  return inside(document, `"${key}":${isList ? `[${own}]` : own}`)
}

const manifestKeys = ['schemaVersion', 'mediaType', 'artifactType', 'config', 'layers', 'manifests']
const moreKeys = ['blobs', 'subject', 'annotations', 'fsLayers', 'history', 'signatures', 'tag']
const descriptorKeys = ['mediaType', 'digest', 'size', 'urls', 'annotations', 'data', 'platform']

describe('a key that only some readers take for another', () => {
  const strange = (key: string) => [
    key.toUpperCase(),
    key[0]?.toUpperCase() + key.slice(1),
    ...(key.includes('s') ? [key.replace('s', '\u017f')] : []),
    ...(key.includes('k') ? [key.replace('k', '\u212a')] : []),
  ]
  const rows = places.flatMap(([where, type, put]) => {
    const keys = where === 'the manifest' ? [...manifestKeys, ...moreKeys] : descriptorKeys
    return keys.flatMap((key) => strange(key).map((it) => [it, where, type, key, put] as const))
  })
  it.each(rows)('is refused: %s in %s of %s', (written, where, type, key, put) => {
    for (const spelled of [written, escaped(written)]) {
      expect(detailOf(put(`"${spelled}":null`), type)).toBe(
        `${where} has the key ${JSON.stringify(written)}, which some readers take for ${key}`,
      )
    }
  })

  it.each(['OS', 'o\u017f', 'Os.Version', 'oS.featureS', 'Variant', 'FEATURES'])(
    'is refused in a platform: %s',
    (key) => {
      const platform = { os: 'linux', architecture: 'amd64', [key]: 'x' }
      const bytes = encode(index({ manifests: [{ ...describeText('x'), platform }] }))
      expect(detailOf(bytes, imageIndex)).toMatch(/^manifests\[0\]\.platform has the key/)
    },
  )

  it.each(['layer', 'Layerss', 'layers ', 'la\u0443ers', 'ſ', '\u0130d', 'X-Layers'])(
    'is nothing like %j',
    (key) => {
      expect(detailOf(encode(image({ [key]: [] })), imageManifest)).toBeUndefined()
    },
  )

  it('has its own meaning in annotations, and within what we know nothing of', () => {
    const annotations = { a: '1', A: '2', Layers: '3', k: '4', '\u212a': '5' }
    const future = { Layers: 1, layers: 2 }
    const bytes = encode(image({ annotations, future }))
    expect(parseManifest(bytes, imageManifest).annotations).toEqual(annotations)
  })
})

describe('a key that stands twice', () => {
  it.each(places)('is refused in %s (%s)', (where, type, put) => {
    for (const again of ['"x":1,"x":1', '"x":1,"\\u0078":2', '"\\ud800":1,"\\udfff":1']) {
      expect(detailOf(put(again), type)).toMatch(`${where} has the key`)
      expect(detailOf(put(again), type)).toMatch(/twice$/)
    }
    const again = where === 'the manifest' ? 'schemaVersion' : 'digest'
    for (const written of [again, escaped(again)]) {
      expect(detailOf(put(`"${written}":2`), type)).toBe(`${where} has the key "${again}" twice`)
    }
  })

  it('is refused in annotations, of a descriptor too', () => {
    const twice = '"annotations":{"a":"1","\\u0061":"1"}'
    expect(detailOf(inside(image(), twice), imageManifest)).toBe(
      'annotations has the key "a" twice',
    )
    expect(detailOf(withRaw('layers', twice, true), imageManifest)).toBe(
      'layers[0].annotations has the key "a" twice',
    )
  })

  it('is refused in a platform', () => {
    const bytes = withRaw('manifests', '"platform":{"os":"linux","os":"linux"}', true)
    expect(detailOf(bytes, imageIndex)).toBe('manifests[0].platform has the key "os" twice')
  })
})

describe('a whole number', () => {
  const rows = ['7.0', '7e0', '7E0', '70e-1', '-1', '9223372036854775808', '1e400', '"7"', 'true']
  const big = '9'.repeat(100_000)
  it.each([...rows, '[]', big])('is not written %.20s', (written) => {
    const bytes = inside(image({ layers: [] }), `"subject":{"digest":"","size":${written}}`)
    const detail = detailOf(bytes, imageManifest)
    expect(detail).toMatch(/^subject\.size is /)
    expect(String(detail).length).toBeLessThan(200)
  })

  it.each(['2.0', '2e0', '20e-1', '"2"', '3', '0', '-2'])('of the schema is not %s', (written) => {
    const bytes = inside(image({ schemaVersion: undefined }), `"schemaVersion":${written}`)
    expect(detailOf(bytes, imageManifest)).toMatch(/^schemaVersion is /)
  })

  it.each(['0', '-0', '7', '9007199254740993', '9223372036854775807'])('may be %s', (written) => {
    const layer = JSON.stringify({ digest: describeText('x').digest }).slice(0, -1)
    const bytes = inside(image({ layers: undefined }), `"layers":[${layer},"size":${written}}]`)
    expect(detailOf(bytes, imageManifest)).toBeUndefined()
  })
})

describe('the data of a descriptor', () => {
  const manifest = (data: unknown) =>
    encode(image({ layers: [{ ...describeText('x'), data }, describeText('y')] }))

  it.each(['x', 'eA', 'eA=', 'e===', 'eA==eA==', 'e-_A', 'e A=', '====', 'e\u0000A='])(
    'is not %j, of which Go reads no manifest at all',
    (data) => {
      expect(detailOf(manifest(data), imageManifest)).toBe('layers[0].data is not base64')
      expect(readStoredManifest(manifest(data))?.layers).toHaveLength(2)
    },
  )

  it.each(['', 'eA==', 'eHg=', 'eHh4', 'eH\nh4\r\n', null])('may be %j', (data) => {
    expect(detailOf(manifest(data), imageManifest)).toBeUndefined()
  })
})

it('a volume may hold all of that: the last of two keys counts, and no other spelling', () => {
  const [one, two] = [describeText('one'), describeText('two')]
  const text = `"subject":${JSON.stringify(one)},"Subject":{},"subject":${JSON.stringify(two)}`
  expect(readStoredManifest(inside(image(), text))).toMatchObject({ subject: two.digest })
  const broken = inside(
    image(),
    '"annotations":{"a":1,"b":"2","b":"3"},"layers":[null,{"size":7.0}]',
  )
  expect(readStoredManifest(broken)).toMatchObject({ annotations: { a: '', b: '3' }, layers: [] })
})

function escaped(key: string): string {
  return [...key].map((it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
}
