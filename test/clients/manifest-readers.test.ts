/**
 * Kura takes the manifests that Go's JSON lets through, as registry:2 does, unless they would break a promise, and
 * refuses those that Go cannot read. The same bytes are pushed to both.
 */
import { beforeAll, expect, it } from '@jest/globals'
import { imageManifest as image, imageIndex as index } from '../../registry/protocol/media-types.ts'
import { useCleanup } from '../support/cleanup.ts'
import { startDistribution } from '../support/distribution.ts'
import { send } from '../support/http.ts'
import { digestOf } from '../support/image.ts'
import { describeWith } from '../support/programs.ts'
import { pushBlob } from '../support/push.ts'
import { startRegistry } from '../support/registry.ts'

const dockerImage = 'application/vnd.docker.distribution.manifest.v2+json'
const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json'
const layer = Buffer.from('layer')
const here = `"digest":"${digestOf(layer)}"`
const full = `"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",${here},"size":5`
const config = `"config":{${full}}`

/** A document without its last brace and its first fields. */
const imageOf = (rest: string, type = image) =>
  `{"schemaVersion":2,"mediaType":"${type}",${config}${rest}}`
const indexOf = (rest: string, type = index) => `{"schemaVersion":2,"mediaType":"${type}"${rest}}`
const layerWith = (rest: string) => imageOf(`,"layers":[{${full}${rest}}]`)
const sized = (size: string) => imageOf(`,"layers":[{${here},"size":${size}}]`)
const version = (written: string) => `{"schemaVersion":${written},${config},"layers":[]}`

const child = Buffer.from(imageOf(',"layers":[]'))
const childWith = (rest: string) => indexOf(`,"manifests":[{"digest":"${digestOf(child)}"${rest}}]`)

type Row = [what: string, body: string, type?: string]

const taken: Row[] = [
  ['an image without layers', imageOf('')],
  ['layers of null', imageOf(',"layers":null')],
  ['an image whose manifests are null', imageOf(',"manifests":null')],
  ['a layer that is but a digest', imageOf(`,"layers":[{${here}}]`)],
  ['a layer of nulls', imageOf(`,"layers":[{${here},"mediaType":null,"size":null,"urls":null}]`)],
  ['a layer of another size', sized('77')],
  ['the largest size', sized('9223372036854775807')],
  ['urls of null', layerWith(',"urls":null')],
  ['no urls', layerWith(',"urls":[]')],
  ['a platform of null', layerWith(',"platform":null')],
  ['a platform of nothing', layerWith(',"platform":{}')],
  ['annotations of null in a layer', layerWith(',"annotations":null')],
  ['an annotation of null in a layer', layerWith(',"annotations":{"a":null}')],
  ['annotations of null', imageOf(',"annotations":null')],
  ['an annotation of null', imageOf(',"annotations":{"a":null}')],
  ['half a surrogate pair', imageOf(',"annotations":{"a":"\\ud800"}')],
  ['a subject of null', imageOf(',"subject":null')],
  ['a subject of nothing', imageOf(',"subject":{}')],
  ['a subject of empty fields', imageOf(',"subject":{"mediaType":"","digest":"","size":0}')],
  ['an artifact type of null', imageOf(',"artifactType":null')],
  ['a media type of null', `{"schemaVersion":2,"mediaType":null,${config},"layers":[]}`],
  ['an empty media type', `{"schemaVersion":2,"mediaType":"",${config},"layers":[]}`],
  ['keys of the future', imageOf(',"future":{"deep":[1e400]}')],
  ['an index without manifests', indexOf(''), index],
  ['manifests of null', indexOf(',"manifests":null'), index],
  ['an index with a config of null', indexOf(',"manifests":[],"config":null'), index],
  ['an index with layers of null', indexOf(',"manifests":[],"layers":null'), index],
  ['a child that is but a digest', childWith(''), index],
  ['a child without a system', childWith(',"platform":{"architecture":"arm64"}'), index],
  ['a child without an architecture', childWith(',"platform":{"os":"linux"}'), index],
  ['a child whose system is null', childWith(',"platform":{"os":null,"variant":null}'), index],
  ['a child of no platform', childWith(',"platform":null,"urls":null'), index],
  ['a list without manifests', indexOf('', dockerList), dockerList],
]

const refused: Row[] = [
  ...['7.0', '7e0', '1.5', '"7"', 'true', '[]', '1e400', '9223372036854775808'].map(
    (size): Row => [`the size ${size}`, sized(size)],
  ),
  ...['2.0', '2e0', '"2"', '1', '3', '0', 'null', '02'].map(
    (written): Row => [`version ${written}`, version(written)],
  ),
  ['no version', `{${config},"layers":[]}`],
  ['layers that are no list', imageOf(',"layers":{}')],
  ['a layer of null', imageOf(',"layers":[null]')],
  ['a layer of nothing', imageOf(',"layers":[{}]')],
  ['a layer with no digest', imageOf(',"layers":[{"size":5}]')],
  ['a layer with a digest that is none', imageOf(',"layers":[{"digest":"x"}]')],
  ['no config', `{"schemaVersion":2,"layers":[]}`],
  ['a config of null', `{"schemaVersion":2,"config":null,"layers":[]}`],
  ['urls that are no list', layerWith(',"urls":"x"')],
  ['a url that is null', layerWith(',"urls":[null]')],
  ['an annotation that is no text', imageOf(',"annotations":{"a":1}')],
  ['annotations that are a list', imageOf(',"annotations":[]')],
  ['a platform that is text', layerWith(',"platform":"x"')],
  ['a system that is no text', childWith(',"platform":{"os":1}'), index],
  ['features that are no list', childWith(',"platform":{"os.features":"x"}'), index],
  ['a media type that is no text', `{"schemaVersion":2,"mediaType":1,${config}}`],
  ['a Docker image without its type', `{"schemaVersion":2,${config}}`, dockerImage],
  ['an image with manifests', imageOf(',"manifests":[]')],
  ['an image with Manifests', imageOf(',"Manifests":[]')],
  ['an image with manife\u017fts', imageOf(',"manife\u017fts":[]')],
  ['an index with a config', indexOf(',"manifests":[],"config":{}'), index],
  ['an index with layers', indexOf(',"manifests":[],"layers":[]'), index],
  ['a child of null', indexOf(',"manifests":[null]'), index],
  ['a byte order mark', `\ufeff${imageOf('')}`],
  ['two documents', imageOf('') + imageOf('')],
  ['a list', '[]'],
  ['null', 'null'],
]

/** Manifests that registry:2 takes and kura does not. */
const refusedHere: Row[] = [
  ['two lists of layers, for two readers', imageOf(',"layers":[],"Layers":[]')],
  ['two lists of layers of one name', imageOf(`,"layers":[{${full}}],"layers":[]`)],
  ['an annotation that stands twice', imageOf(',"annotations":{"a":"1","a":"2"}')],
  ['lists of another kind', imageOf(',"blobs":[]')],
  ['lists of schema 1', imageOf(',"fsLayers":[]')],
  ['a Docker image with manifests', imageOf(',"manifests":[]', dockerImage), dockerImage],
  ['a size below nothing', sized('-1')],
  ['a subject without its digest', imageOf(',"subject":{"size":5}')],
  ['a subject that is text', imageOf(',"subject":"x"')],
  ['an artifact type that is no text', imageOf(',"artifactType":1')],
  ['data that is no text', layerWith(',"data":1')],
  ['what nests deeper than 64 levels', imageOf(`,"x":${'['.repeat(64)}${']'.repeat(64)}`)],
]

describeWith(['docker-registry'], 'the JSON of manifests', () => {
  const cleanup = useCleanup()
  let urls: { theirs: string; ours: string }

  beforeAll(async () => {
    const theirs = await startDistribution(cleanup, await cleanup.folder())
    const ours = await startRegistry({ driver: 'inmemory' })
    cleanup.add(ours.close)
    urls = { theirs: theirs.url, ours: ours.url }
    for (const url of Object.values(urls)) {
      await pushBlob({ url, repository: 'a' }, layer)
      expect(await put(url, child, image)).toBe(201)
    }
  })

  async function put(url: string, body: Buffer, type: string): Promise<number> {
    const headers = { 'Content-Type': type }
    const { status } = await send('PUT', `${url}/v2/a/manifests/tag`, { body, headers })
    // For a few of these registry:2 blames itself.
    return status === 500 ? 400 : status
  }

  const both = async ([, body, type = image]: Row) => {
    const bytes = Buffer.from(body)
    return [await put(urls.theirs, bytes, type), await put(urls.ours, bytes, type)]
  }

  it.each(taken)('is taken by both: %s', async (...row) => {
    expect(await both(row)).toEqual([201, 201])
  })

  it.each(refused)('is refused by both: %s', async (...row) => {
    expect(await both(row)).toEqual([400, 400])
  })

  it.each(refusedHere)('is refused here alone: %s', async (...row) => {
    expect(await both(row)).toEqual([201, 400])
  })
})
