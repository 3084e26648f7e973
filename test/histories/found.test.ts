/** Histories that runs have found, each of a fault that has been mended since: none of them may be. */
import { expect, it } from '@jest/globals'
import { check } from './linearizable.ts'
import { parseHistory } from './text.ts'

const found: [what: string, ...lines: string[]][] = [
  [
    // Held by "is asked of storage while it changes" in test/registry/content/tag-pointers.test.ts.
    'a delete asks storage, where the tag is gone; then a read asks Redis, which still knows it',
    'put v1 0.0-1551.2',
    'remove v1 3286.2-7291.9',
    'get v1 4833.8-4854.0',
    'delete 4988.1-5098.7!',
    'get v1 5098.8-5135.9',
  ],
]

it.each(found)('%s', (_, ...lines) => {
  expect(check(parseHistory(lines))).toMatchObject({ isLinearizable: false })
})
