/** Histories that runs have found: none of them may be. */
import { expect, it } from '@jest/globals'
import { check } from './linearizable.ts'
import { parseHistory } from './text.ts'

const found: [what: string, ...lines: string[]][] = [
  [
    // Held by "is asked of storage while it changes" in test/registry/content/tags/tag-cache.test.ts.
    'a delete asks storage, where the tag is gone; then a read asks Redis, which still knows it',
    'put v1 0.0-1551.2',
    'remove v1 3286.2-7291.9',
    'get v1 4833.8-4854.0',
    'delete 4988.1-5098.7!',
    'get v1 5098.8-5135.9',
  ],
  [
    // Held by test/registry/storage/s3/wire/exchange.test.ts, as far as the request had not been sent.
    'a process in front of a bucket is halted, and moves a tag that has to stay when it wakes up',
    'keep v1 0.0-16000.7?',
    'delete 4557.6-5815.2',
    'keep v2 6507.8-9471.5',
    'get v1 13010.5-13191.2',
  ],
  [
    // Held by test/registry/content/tags/tagged.test.ts.
    'a read finds what the tag names, which is removed before it is read; the tag names another by then',
    'put v1 0.0-335.3',
    'get - 468.4-3628.8',
    'put v2 2359.7-2397.6',
  ],
  [
    // Held by test/contract/late-tags.ts, where the service has conditional writes.
    'a request to a bucket arrives when another process has the lease already',
    'keep v1 0.0-1528.0?',
    'keep v2 743.5-1332.7',
    'get v1 1230.9-1678.4',
  ],
]

it.each(found)('%s', (_, ...lines) => {
  expect(check(parseHistory(lines))).toMatchObject({ isLinearizable: false })
})
