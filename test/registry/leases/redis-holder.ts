/**
 * A process of its own that uses leases in Redis, for tests: `hold` says "held" and keeps a lease,
 * saying "lost" when it no longer has it; `count` adds to a number in a file many times, which is wrong
 * unless leases exclude.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { createRedisLeases } from '../../../registry/leases/redis.ts'
import { openRedis } from '../../../registry/redis/open.ts'

const [port = '', ttl = '', task = '', counter = '', times = '0'] = process.argv.slice(2)
const redis = await openRedis({ addresses: [{ host: '127.0.0.1', port: Number(port) }] })
const leases = createRedisLeases({ redis, ttl: Number(ttl), longest: 60_000 })

if (task === 'hold') {
  await leases.hold('x', 'unavailable', async (lease) => {
    process.stdout.write('held\n')
    const ended = new Promise((resolve) => process.stdin.resume().once('end', resolve))
    const watching = setInterval(() => {
      if (lease.isHeld()) return
      process.stdout.write('lost\n')
      clearInterval(watching)
    }, 5)
    await ended
    clearInterval(watching)
  })
}

for (let turn = 0; turn < Number(times); turn++) {
  await leases.hold('x', 'unavailable', async () => {
    const seen = Number(await readFile(counter, 'utf8'))
    await writeFile(counter, String(seen + 1))
  })
}
await leases.close()
await redis.close()
