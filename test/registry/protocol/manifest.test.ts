/** Reading what a client pushes as a manifest: what is taken, as what, and what is refused. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { RegistryError } from '../../../registry/protocol/errors.ts'
import { parseManifest, readStoredManifest } from '../../../registry/protocol/manifest.ts'
import { imageIndex, imageManifest, manifestTypes } from '../../../registry/protocol/media-types.ts'
import { thrownBy } from './arbitrary.ts'
import {
  artifact,
  artifactManifest,
  configType,
  type Document,
  describeText,
  dockerImage,
  dockerList,
  encode,
  image,
  index,
} from './documents.ts'

const bare = { digest: describeText('layer').digest }
const nulls = {
  ...bare,
  mediaType: null,
  size: null,
  urls: null,
  annotations: null,
  platform: null,
}
const custom = 'application/vnd.example.thing.v3+json'

describe('a pushed manifest', () => {
  const taken: [what: string, type: string, document: Document, shape: string][] = [
    ['an OCI image', imageManifest, image(), 'image'],
    ['an OCI image that does not name its type', imageManifest, noType(image()), 'image'],
    ['an image without layers', imageManifest, image({ layers: [] }), 'image'],
    ['an OCI index', imageIndex, index(), 'index'],
    ['an OCI index that does not name its type', imageIndex, noType(index()), 'index'],
    ['an empty index', imageIndex, index({ manifests: [] }), 'index'],
    ['a Docker image', dockerImage, image({ mediaType: dockerImage }), 'image'],
    ['a Docker list', dockerList, index({ mediaType: dockerList }), 'index'],
    ['an artifact', artifactManifest, artifact(), 'artifact'],
    ['an artifact without blobs', artifactManifest, artifact({ blobs: undefined }), 'artifact'],
    ['an unknown type with layers', custom, image({ mediaType: custom }), 'image'],
    ['an unknown type with manifests', custom, index({ mediaType: custom }), 'index'],
    ['an unknown type with blobs', custom, artifact({ mediaType: custom }), 'artifact'],
    ['fields we know nothing of', imageManifest, image({ future: { deep: [1] } }), 'image'],
    ['a subject of null', imageManifest, image({ subject: null, annotations: null }), 'image'],
    ['a subject that was never set', imageManifest, image({ subject: {} }), 'image'],
    [
      'a subject of empty fields',
      imageManifest,
      image({ subject: { mediaType: '', digest: '', size: 0 } }),
      'image',
    ],
    ['no layers', imageManifest, image({ layers: undefined }), 'image'],
    ['layers of null', imageManifest, image({ layers: null, manifests: null }), 'image'],
    [
      'an index of null',
      imageIndex,
      index({ manifests: null, config: null, layers: null }),
      'index',
    ],
    ['an index that holds nothing', imageIndex, index({ manifests: undefined }), 'index'],
    ['a type of null', imageManifest, image({ mediaType: null }), 'image'],
    ['annotations of null', imageManifest, image({ annotations: { a: null } }), 'image'],
    ['a descriptor that is but a digest', imageManifest, image({ layers: [bare] }), 'image'],
    ['a descriptor of nulls', imageManifest, image({ layers: [nulls] }), 'image'],
  ]
  it.each(taken)('is taken: %s', (_what, type, document, shape) => {
    expect(parseManifest(encode(document), type)).toMatchObject({ mediaType: type, shape })
  })

  it('may be sent with parameters on its Content-Type, in any case', () => {
    const type = `${imageManifest.toUpperCase()} ; charset=utf-8`
    expect(parseManifest(encode(image()), type).mediaType).toBe(imageManifest)
  })

  const types: [type: string, document: Document][] = [
    ['', image()],
    ['application/json', image({ mediaType: 'application/json' })],
    ['text/plain', image({ mediaType: 'text/plain' })],
    ['application/octet-stream', image()],
    [custom, noType(image())],
    [custom, image()],
    [custom, { schemaVersion: 2, mediaType: custom }],
    ['constructor', image()],
  ]
  it.each(types)('is refused for its type %j', (type, document) => {
    const error = thrownBy(() => parseManifest(encode(document), type))
    expect(error).toMatchObject({ reason: 'manifestType', status: 400, code: 'MANIFEST_INVALID' })
    expect((error as RegistryError).details).toEqual([{ found: type, allowed: manifestTypes }])
  })

  const invalid: [what: string, type: string, document: unknown][] = [
    ['another type inside', imageManifest, image({ mediaType: imageIndex })],
    ['no type inside, where Docker wants one', dockerImage, noType(image())],
    ['no type inside a Docker list', dockerList, noType(index())],
    ['an image with manifests', imageManifest, { ...index(), ...image() }],
    ['an image with schema 1 layers', imageManifest, image({ fsLayers: [] })],
    ['an image with blobs', imageManifest, image({ blobs: [] })],
    ['an index with a config', imageIndex, index({ config: describeText('{}') })],
    ['an index with layers', imageIndex, index({ layers: [] })],
    ['an unknown type with both', custom, { ...index(), ...image({ mediaType: custom }) }],
    ['no config', imageManifest, image({ config: undefined })],
    ['layers that are no list', imageManifest, image({ layers: {} })],
    ['a layer that is no descriptor', imageManifest, image({ layers: ['x'] })],
    ['a version that is none', imageManifest, image({ schemaVersion: '2' })],
    ['no version', imageManifest, image({ schemaVersion: undefined })],
    ['version 1', imageManifest, image({ schemaVersion: 1 })],
    ['annotations that are no text', imageManifest, image({ annotations: { a: 1 } })],
    ['a list', imageManifest, [image()]],
    ['a text', imageManifest, 'manifest'],
    ['null', imageManifest, null],
    ['a number', imageManifest, 2],
  ]
  it.each(invalid)('is invalid with %s', (_what, type, document) => {
    const error = thrownBy(() => parseManifest(encode(document), type))
    expect(error).toMatchObject({ reason: 'manifestInvalid', status: 400 })
  })

  const descriptors: [what: string, changes: Document][] = [
    ['no digest', { digest: undefined }],
    ['a malformed digest', { digest: 'sha256:abc' }],
    ['a digest we cannot compute', { digest: `sha384:${'a'.repeat(96)}` }],
    ['a negative size', { size: -1 }],
    ['a broken size', { size: 1.5 }],
    ['a size of text', { size: '5' }],
    ['urls that are no list', { urls: 'http://x' }],
    ['urls that are no texts', { urls: ['http://x', null] }],
    ['a platform that is text', { platform: 'linux/arm64' }],
    ['a system that is no text', { platform: { architecture: 'arm64', os: 1 } }],
  ]
  it.each(descriptors)('is invalid when something in it has %s', (_what, changes) => {
    const bad = { ...describeText('x'), ...changes }
    const documents = [image({ config: bad }), image({ layers: [bad] }), image({ subject: bad })]
    for (const document of documents) {
      const error = thrownBy(() => parseManifest(encode(document), imageManifest))
      expect(error).toMatchObject({ reason: 'manifestInvalid' })
    }
  })

  it.each(['', '+prettyjws', '+json'])('of schema 1 is refused by name (v1%s)', (suffix) => {
    const type = `application/vnd.docker.distribution.manifest.v1${suffix || '+json'}`
    const error = thrownBy(() => parseManifest(encode({ schemaVersion: 1 }), type))
    expect(error).toMatchObject({
      reason: 'manifestInvalid',
      details: [expect.stringMatching(/schema 1/)],
    })
  })
})

describe('any bytes at all', () => {
  const type = fc.oneof(fc.constantFrom(...manifestTypes, custom, ''), fc.string())
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
    fc.jsonValue().map((value) => encode(image({ layers: value, annotations: value }))),
    fc.dictionary(fc.string(), fc.jsonValue()).map((value) => encode({ ...index(), ...value })),
  )

  it('are read, or refused in a way a client can understand', () => {
    fc.assert(
      fc.property(bytes, type, (body, contentType) => {
        const error = thrownBy(() => parseManifest(body, contentType))
        return error === undefined || error instanceof RegistryError
      }),
      { numRuns: 1000 },
    )
  })

  it('never fail a reader of what a volume holds', () => {
    fc.assert(
      fc.property(bytes, (body) => {
        const found = readStoredManifest(body)
        if (found) expect(found.mediaType).not.toBe('')
      }),
      { numRuns: 1000 },
    )
  })
})

describe('what a manifest says of itself as a referrer', () => {
  const rows: [what: string, document: Document, artifactType: string | undefined][] = [
    ['its artifactType', image({ artifactType: 'application/x.sig' }), 'application/x.sig'],
    ['the type of its config', image(), configType],
    ['the type of its config for an empty one', image({ artifactType: '' }), configType],
    ['the artifactType of an index', index({ artifactType: 'a/b' }), 'a/b'],
    ['nothing for a plain index', index(), undefined],
  ]
  it.each(rows)('is %s', (_what, document, artifactType) => {
    const subject = describeText('subject')
    const bytes = encode({ ...document, subject, annotations: { key: 'value' } })
    const found = parseManifest(bytes, String(document.mediaType))
    expect(found.artifactType).toBe(artifactType)
    expect(found.subject).toBe(subject.digest)
    expect(found.annotations).toEqual({ key: 'value' })
  })
})

function noType(document: Document): Document {
  return { ...document, mediaType: undefined }
}
