/** A large layer pushed, in one PATCH as engines do. */
import { createContents, pushBlob } from '../load/push.ts'
import type { Scenario } from './scenario.ts'

export const layerSize = 64 * 1024 ** 2
export const megabytes = layerSize / 1e6

export const push: Scenario = {
  title: '64 MiB layer pushed',
  connections: [1, 8],
  unit: 'MB/s',
  amount: megabytes,
  cost: { unit: 's a GB', amount: megabytes / 1000 },
  isLarge: true,
  most: 16,
  async open(client) {
    const next = createContents(layerSize)
    return () => pushBlob(client, 'bench/push', next())
  },
}
