/** The driver for tests, held to what every driver must do. */
import { expect, it } from '@jest/globals'
import { createInmemoryBucket, createInmemoryDriver } from '../../../registry/storage/memory.ts'
import { lateTags } from '../../contract/late-tags.ts'
import { storageDriverContract } from '../../contract/storage-driver.ts'
import { placingContract } from '../../contract/storage-placing.ts'

const openPlain = async () => createInmemoryDriver()
storageDriverContract('inmemory', openPlain)
lateTags('inmemory', openPlain)

const partSize = 100
const openPlacing = async () => createInmemoryBucket(partSize)
storageDriverContract('placing inmemory', async () => (await openPlacing()).driver)
placingContract('placing inmemory', openPlacing, partSize)

it('keeps a copy, so that a caller may use its buffer again', async () => {
  const driver = createInmemoryDriver()
  const bytes = Buffer.from('old')
  await driver.put('k', bytes)
  bytes.write('new')
  expect((await driver.get('k'))?.toString()).toBe('old')
})

it('forgets everything when it is closed', async () => {
  const driver = createInmemoryDriver()
  await driver.put('k', Buffer.from('value'))
  await driver.close()
  expect(await driver.get('k')).toBeUndefined()
})
