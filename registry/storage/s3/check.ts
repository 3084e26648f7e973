/**
 * Looks at the bucket before anything is served from it, by doing once what a registry does all the
 * time.
 */
import { randomUUID } from 'node:crypto'
import type { StorageDriver } from '../driver.ts'
import { refuseContradictions } from './contradictions.ts'
import { createS3Storage, type S3Storage } from './driver.ts'
import { explain } from './explain.ts'
import type { Report, S3Options } from './options.ts'

/** Throws an error that names what was found and the setting to change. */
export async function openS3(options: S3Options, report: Report): Promise<S3Storage> {
  refuseContradictions(options, report)
  let failure: unknown
  for (const forcepathstyle of pathStyles(options)) {
    const storage = createS3Storage({ ...options, forcepathstyle }, report)
    try {
      await tryOut(storage.driver, options)
      return storage
    } catch (error) {
      failure ??= error
      await storage.driver.close()
      if (isOutOfReach(error)) break
    }
  }
  throw explain(failure, options)
}

function isOutOfReach(error: unknown): boolean {
  return (error as { code?: string }).code === 'EUNAVAILABLE'
}

/**
 * Whether to have the bucket in the path. For services of other makers registry:2 always did and
 * registry:3 only when told to, so unless told we see which of the two works.
 */
function pathStyles({ regionendpoint, forcepathstyle }: S3Options): boolean[] {
  if (!regionendpoint || forcepathstyle) return [forcepathstyle]
  return [true, false]
}

/** Leaves nothing behind. */
async function tryOut(driver: StorageDriver, { readOnly }: S3Options): Promise<void> {
  const folder = `.kura-probe-${randomUUID()}`
  const path = `${folder}/value`
  if (readOnly) return void (await Promise.all([driver.stat(path), all(driver.list(folder))]))

  const value = Buffer.from('kura')
  await driver.put(path, value)
  try {
    const [found, listed, absent] = await Promise.all([
      driver.get(path),
      all(driver.list(folder)),
      driver.stat(`${folder}/absent`),
    ])
    const faults = [
      !found?.equals(value) && 'a value that was written does not come back',
      listed.length !== 1 && 'a value that was written is not listed',
      absent && 'a value that was never written is there',
    ].filter(Boolean)
    if (faults.length > 0) throw new Error(faults.join(', '))
  } finally {
    await driver.remove(path)
  }
}

function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(items)
}
