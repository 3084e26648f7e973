/** How much is done to find out whether all is here that an index names. */
import { expect, it } from '@jest/globals'
import type { Blobs } from '../../../../registry/content/blobs.ts'
import type { Manifests } from '../../../../registry/content/manifests/manifests.ts'
import { createReferences } from '../../../../registry/content/manifests/references.ts'
import { parseManifest } from '../../../../registry/protocol/manifest.ts'
import { imageIndex } from '../../../../registry/protocol/media-types.ts'
import { describeText, encode, index } from '../../protocol/documents.ts'

const indexOf = (count: number) => {
  const manifests = Array.from({ length: count }, (_, at) => describeText(`child ${at}`))
  return parseManifest(encode(index({ manifests })), imageIndex)
}

/** A repository in which each manifest is damaged or of another size, or none of them is there. */
function open({ isThere }: { isThere: boolean }) {
  const asked = { has: 0, find: 0, atOnce: 0, mostAtOnce: 0 }
  const manifests = {
    async has() {
      asked.has += 1
      return false
    },
    async find() {
      asked.find += 1
      asked.mostAtOnce = Math.max(asked.mostAtOnce, ++asked.atOnce)
      await new Promise(setImmediate)
      asked.atOnce -= 1
      return isThere ? {} : undefined
    },
  }
  const { check } = createReferences({
    blobs: { find: async () => undefined } as unknown as Blobs,
    manifests: manifests as unknown as Manifests,
    rules: { disabled: false, allowsUrl: undefined, needsChild: () => true },
  })
  return { check, asked }
}

it('no more children are looked for once a hundred of them are missing', async () => {
  const { check, asked } = open({ isThere: false })
  await expect(check('a', indexOf(5_000))).rejects.toMatchObject({ details: { length: 100 } })
  expect(asked.has).toBeLessThan(200)
  expect(asked.find).toBe(asked.has)
})

it('children that are not of the size they should be are read one after the other', async () => {
  const { check, asked } = open({ isThere: true })
  await check('a', indexOf(300))
  expect(asked).toMatchObject({ find: 300, mostAtOnce: 1 })
})
