/** Workers die in the middle of everything, one after the other. */
import { expect, it } from '@jest/globals'
import type { Cluster } from '../../support/cluster.ts'
import { inLength } from '../../support/length.ts'
import { createRandom } from '../../support/random.ts'
import { findLosses, startWork } from '../support/work.ts'

const [clients, deaths] = inLength({ short: [5, 2], long: [6, 20] })
/** By then at least one has met somebody who was half-way. */
const mostDeaths = 20

export function workerKilled(cluster: () => Cluster): void {
  it('clients go on where they were cut off, and nothing acknowledged is lost', async () => {
    const { url, urls, killWorker, pids } = cluster()
    const random = createRandom(4)
    const gateways = await pids('gateways')
    const work = startWork({ url, clients, patient: true, name: 'killed' })
    const isEnough = (death: number) =>
      death >= mostDeaths || (death >= deaths && work.timesAgain() > 0)
    for (let death = 0; !isEnough(death); death++) {
      // In between there is peace for a moment, or nobody would ever be half-way.
      await work.reached(1 + random.below(4))
      await killWorker(random.below(3))
    }
    await work.reached(clients)
    const { faults, pushed, again } = await work.end()
    expect(faults).toEqual([])
    expect(again).toBeGreaterThan(0)
    expect(await findLosses(urls, pushed)).toEqual([])
    expect(await pids('gateways')).toEqual(gateways)
  }, 600_000)
}
