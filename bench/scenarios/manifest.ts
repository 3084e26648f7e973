/** The manifest of a tag, which is what every check for a newer image asks for. */
import { createImages, manifestType, pushImage } from '../load/image.ts'
import type { Scenario } from './scenario.ts'

export const manifest: Scenario = {
  title: 'manifest by tag',
  connections: [8],
  unit: 'requests/s',
  amount: 1,
  cost: { unit: 'ms a request', amount: 0.001 },
  async open(client) {
    await pushImage(client, 'bench/manifest', 'latest', createImages()())
    const wrk = `${client.url}/v2/bench/manifest/manifests/latest`
    return { wrk, headers: { Accept: manifestType } }
  },
}
