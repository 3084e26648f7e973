/** A manifest of 4 MiB costs little time and memory to read, whatever is in it. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { parseManifest } from '../../../registry/protocol/manifest.ts'
import { most } from '../../../registry/protocol/manifest-fields.ts'
import { imageIndex, imageManifest } from '../../../registry/protocol/media-types.ts'
import { thrownBy } from './arbitrary.ts'
import { describeText, encode, image, index } from './documents.ts'
import type { Outcome } from './worst-manifests.ts'

/** A process whose documents were built as a whole dies of this. */
const heap = '--max-old-space-size=64'

describe('the worst that can be pushed', () => {
  let outcomes: Outcome[] = []

  beforeAll(async () => {
    const script = join(import.meta.dirname, 'worst-manifests.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [heap, script])
    outcomes = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Outcome)
  })

  it('is read in a heap of 64 MiB', () => {
    expect(outcomes).toHaveLength(18)
  })

  it('keeps nobody waiting', () => {
    // Each takes some 0.1 s; to collect all that is wrong with one took 10 s and more.
    expect(outcomes.filter(({ milliseconds }) => milliseconds > 2_000)).toEqual([])
  })

  it('is refused at its first fault, in a sentence', () => {
    expect(outcomes.filter(({ pushed }) => pushed.length > 250)).toEqual([])
    const said = Object.fromEntries(outcomes.map(({ what, pushed }) => [what, pushed]))
    expect(said).toMatchObject({
      'empty layers': expect.stringMatching(/^layers\[0\] has the digest ""/),
      'layers of null': expect.stringMatching(/^layers\[0\] is null/),
      'layers that are the same': expect.stringMatching(/at most 10000 descriptors/),
      'urls of one layer': 'more than 150000 values',
      'unknown keys': 'the manifest has more than 10000 keys',
      'unknown keys of an unknown one': 'more than 150000 values',
      annotations: 'annotations has more than 10000 keys',
      numbers: 'more than 150000 values',
      'one long key': 'taken',
      'one long text': 'taken',
      blanks: 'taken',
    })
  })
})

describe('a manifest may have', () => {
  const many = (count: number) => Array.from({ length: count }, (_, at) => describeText(`${at}`))

  it(`${most.descriptors} descriptors, and no more in all its lists`, () => {
    const full = image({ layers: many(most.descriptors) })
    expect(parseManifest(encode(full), imageManifest).layers).toHaveLength(most.descriptors)
    const over = index({ manifests: many(most.descriptors + 1) })
    const error = thrownBy(() => parseManifest(encode(over), imageIndex))
    expect(error).toMatchObject({ reason: 'manifestInvalid', status: 400 })
  })

  it(`${most.keys} annotations`, () => {
    const annotations = Object.fromEntries(many(most.keys).map(({ digest }) => [digest, 'x']))
    expect(parseManifest(encode(image({ annotations })), imageManifest).annotations).toEqual(
      annotations,
    )
  })
})
