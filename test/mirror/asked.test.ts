/** For how long an answer for a tag is good. */
import { expect, it } from '@jest/globals'
import { createAskedTimes } from '../../mirror/tags/asked.ts'
import { createFilesystemDriver } from '../../registry/storage/filesystem/driver.ts'
import { useCleanup } from '../support/cleanup.ts'

const cleanup = useCleanup()
const [second, day] = [1_000, 24 * 3_600_000]
const named = { repository: 'up/app', tag: 'v1' }

/** Two processes that share a folder and a clock. */
async function start() {
  let time = Date.now()
  const root = await cleanup.folder()
  const open = () => createAskedTimes(createFilesystemDriver({ root }), () => time)
  const pass = (ms: number) => {
    time += ms
  }
  return { mine: open(), others: open(), pass }
}

it('an answer is good for the time in the settings, and a failure for a minute of it', async () => {
  const { mine, others, pass } = await start()
  await mine.write(named, { failure: undefined, isKept: true })
  pass(day - second)
  for (const process of [mine, others]) expect(await process.find(named, day)).toBeDefined()
  await mine.write(named, { failure: 'it fails', isKept: true })
  pass(59 * second)
  for (const process of [mine, others]) {
    expect(await process.find(named, day)).toMatchObject({ failure: 'it fails' })
    expect(await process.find(named, 30 * second)).toBeUndefined()
  }
  pass(2 * second)
  for (const process of [mine, others]) {
    expect(await process.find(named, day)).toBeUndefined()
    expect(await process.findLast(named)).toMatchObject({ failure: 'it fails' })
  }
})
