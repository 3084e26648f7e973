/**
 * A process of its own that uses leases, for tests: `hold` says "held" and keeps a lease until it is
 * killed; `count` adds to a number in a file many times, which is wrong unless leases exclude.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { openFileLeases } from '../../../registry/leases/files.ts'

const [folder = '', name = '', task = '', counter = '', times = '0'] = process.argv.slice(2)
const leases = await openFileLeases(folder)

if (task === 'hold') {
  await leases.hold(name, 'unavailable', async () => {
    process.stdout.write('held\n')
    await new Promise((resolve) => process.stdin.resume().once('end', resolve))
  })
}

for (let turn = 0; turn < Number(times); turn++) {
  await leases.hold(name, 'unavailable', async () => {
    const seen = Number(await readFile(counter, 'utf8'))
    await writeFile(counter, String(seen + 1))
  })
}
await leases.close()
