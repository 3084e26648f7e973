/** The S3 driver on a real service: what every driver must do, with either version of the signature. */
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { createS3Storage } from '../../../../registry/storage/s3/driver.ts'
import { lateTags } from '../../../contract/late-tags.ts'
import { storageDriverContract } from '../../../contract/storage-driver.ts'
import { placingContract } from '../../../contract/storage-placing.ts'
import { startCeph } from '../../../support/ceph.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { type FaultyService, startFaultyService } from './faults.ts'
import { makeBucket, s3Options } from './started.ts'

const cleanup = useCleanup()
let service: FaultyService
beforeAll(async () => {
  const ceph = await startCeph(cleanup)
  await makeBucket(ceph.endpoint)
  // This Ceph ignores the `If-Match` of a removal, so the service in front of it looks at that.
  service = await startFaultyService(cleanup, { ...ceph, hasBoundRemovals: true })
})

/** Each is encoded in its own way where it is part of a URL, and all of it is signed. */
const oddFolders = [
  'two words',
  '100%',
  '%2F',
  'c++',
  'ü 🐢',
  "!'()*~",
  'a=b&c;d:e@f,g$',
  '?#[]"<>\\^`{|}',
]

describe.each([true, false])('signing with version 4: %s', (v4auth) => {
  const openStorage = async () =>
    createS3Storage(s3Options(service.endpoint, { v4auth, rootdirectory: `/${randomUUID()}` }))
  const open = async () => (await openStorage()).driver
  storageDriverContract('s3', open)
  placingContract('s3', openStorage, s3Options('').chunksize)
  lateTags('s3', open, { isBucket: true })

  it.each(oddFolders)('keeps a registry below a folder that is called %j', async (folder) => {
    const rootdirectory = `/${randomUUID()}/${folder}`
    const options = s3Options(service.endpoint, { v4auth, rootdirectory })
    const { driver, placing, findUrl } = createS3Storage(options)
    cleanup.add(() => driver.close())
    const large = Buffer.alloc(options.chunksize + 1, folder)
    await driver.put(`${folder}/value`, Buffer.from(folder))
    // In parts, whose numbers are parameters that are signed.
    await placing.putStream('large', Readable.from([large]), { check() {} })
    await driver.move('large', `${folder}/large`)
    expect((await driver.get(`${folder}/value`))?.toString()).toBe(folder)
    expect((await driver.get(`${folder}/large`))?.equals(large)).toBe(true)
    expect((await driver.stat(`${folder}/value`))?.size).toBe(Buffer.byteLength(folder))
    const names = (await Array.fromAsync(driver.list(folder))).map(({ name }) => name)
    expect(names).toEqual(['large', 'value'])
    const url = await findUrl(`${folder}/value`, { size: 1 })
    if (url) expect(await (await fetch(url)).text()).toBe(folder)
    await driver.remove(folder)
    expect(await driver.stat(`${folder}/value`)).toBeUndefined()
  })
})
