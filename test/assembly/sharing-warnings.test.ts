/** A storage that other machines reach is spoken of at start where no Redis holds its leases. */
import { expect, it } from '@jest/globals'
import { warningsOf } from '../../assembly/checks/checks.ts'
import { unsharedWarnings } from '../../assembly/storage.ts'
import { readConfig } from '../../config/load.ts'
import type { Sharing } from '../../registry/storage/open.ts'
import { load, withFile } from '../config/written.ts'

const saidOf = (driver: string) =>
  `storage.${driver} without redis: no other machine may serve this storage; set redis.addrs to share it`
const isSaid = (warning: string) => warning.includes('no other machine may serve')
const { config: withRedis } = await load(
  'version: 0.1\nstorage: inmemory\nhttp: {addr: ":5000"}\nredis: {addrs: ["a:1"]}\n',
)

const storages: [storage: string, rest: string, said: string[]][] = [
  ['inmemory', '', []],
  ['{filesystem: {rootdirectory: /a}}', '', []],
  ['{s3: {bucket: a, region: b}}', '', [saidOf('s3')]],
  ['{s3: {bucket: a, region: b}}', 'redis: {addrs: ["a:1"]}', []],
]

it.each(storages)('a start with storage %s and %j', async (storage, rest, said) => {
  const loaded = await load(`version: 0.1\nstorage: ${storage}\nhttp: {addr: ":5000"}\n${rest}\n`)
  expect(warningsOf('serve', loaded).filter(isSaid)).toEqual(said)
})

const sharings: [Sharing, isSaid: boolean][] = [
  [{ by: 'process' }, false],
  [{ by: 'folder', root: '/a' }, false],
  [{ by: 'network' }, true],
]

it.each(sharings)('a driver of any name with %j', (sharing, isWarned) => {
  const said = isWarned ? [saidOf('another')] : []
  expect(unsharedWarnings('another', sharing, { redis: undefined })).toEqual(said)
  expect(unsharedWarnings('another', sharing, withRedis)).toEqual([])
})

it('nothing is said of a driver that is not supported', async () => {
  const text = 'version: 0.1\nstorage: {gcs: {bucket: a}}\nhttp: {addr: ":5000"}\n'
  const loaded = await withFile(text, (path) => readConfig({ path, env: {} }))
  expect(warningsOf('serve', loaded).filter(isSaid)).toEqual([])
})
