/** A small image pushed and pulled: twelve requests, none of which carries much. */
import { createImages, pullImage, pushImage } from '../load/image.ts'
import type { Scenario } from './scenario.ts'

export const image: Scenario = {
  title: 'small image pushed and pulled',
  connections: [1, 8],
  unit: 'images/s',
  amount: 1,
  cost: { unit: 'ms an image', amount: 0.001 },
  async open(client) {
    const next = createImages()
    return async () => {
      const made = next()
      const tag = made.manifest.digest.slice(-20)
      await pushImage(client, 'bench/image', tag, made)
      await pullImage(client, 'bench/image', tag, made)
    }
  },
}
