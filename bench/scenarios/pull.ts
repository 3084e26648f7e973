/** A large layer pulled, the same one again and again. */
import { createContents, pushBlob } from '../load/push.ts'
import { layerSize, megabytes } from './push.ts'
import type { Scenario } from './scenario.ts'

export const pull: Scenario = {
  title: '64 MiB layer pulled',
  connections: [1, 8],
  unit: 'MB/s',
  amount: megabytes,
  cost: { unit: 's a GB', amount: megabytes / 1000 },
  isLarge: true,
  async open(client) {
    const content = createContents(layerSize)()
    await pushBlob(client, 'bench/pull', content)
    const path = `/v2/bench/pull/blobs/${content.digest}`
    await client.send('GET', path, { expect: 200, digest: content.digest })
    return async () => {
      const { size } = await client.send('GET', path, { expect: 200 })
      if (size !== content.size) throw new Error(`${size} bytes came of ${content.size}`)
    }
  },
}
