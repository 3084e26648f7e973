/** An address that this machine has besides its loopback ones, for as long as a test runs. */
import { randomInt } from 'node:crypto'
import type { Cleanup } from './cleanup.ts'
import { run } from './run.ts'

const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin` }

/** Private, and so unlikely that no network of this machine has it. */
export async function addAddress(cleanup: Cleanup): Promise<string> {
  const [b, c, d] = [randomInt(1, 255), randomInt(1, 255), randomInt(1, 255)]
  const address = `10.${b}.${c}.${d}`
  await run('ip', ['address', 'add', `${address}/32`, 'dev', 'lo'], { env })
  cleanup.add(() => run('ip', ['address', 'del', `${address}/32`, 'dev', 'lo'], { env }))
  return address
}
