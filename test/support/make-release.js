/**
 * Runs once before all tests. The processes that tests start run a release, as they do in the image: they start in
 * half of the time, and a run starts some hundreds. What the README tells people to type runs the sources.
 */
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { makeRelease } from '../../deploy/release.ts'
import { release } from './release.ts'

export default async function prepare() {
  await makeRelease(release)
  const packages = join(release, 'node_modules')
  if (!existsSync(packages)) symlinkSync('../../..', packages)
}
