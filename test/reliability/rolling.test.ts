/** Every process of kura is replaced while images are pushed, and no push notices: none tries again. */
import { expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { inLength } from '../support/length.ts'
import { untilGone } from '../support/processes.ts'
import { describeWith } from '../support/programs.ts'
import { pullImage } from '../support/push.ts'
import { startTopology, type Topology, topologies } from '../support/topologies.ts'
import { startPushes } from './plain-pushes.ts'

const [clients, rounds] = inLength({ short: [16, 1], long: [100, 2] })

/** Each of these replaces everything that is behind the clients' connections once. */
const replacements: Record<Topology['kind'], (kura: Topology) => Promise<void>> = {
  whole: (kura) => kura.reload(),
  workers: (kura) => kura.reload(),
  async cluster(kura) {
    for (const index of kura.workerPorts.keys()) await kura.restartWorker(index)
  },
}

describeWith(['linux'], 'a kura whose processes are replaced', () => {
  const cleanup = useCleanup()

  it.each(topologies)(
    `fails none of the pushes of ${clients} clients, run as %s`,
    async (kind) => {
      const env = { REGISTRY_LOG_FORMATTER: 'text' }
      const kura = await startTopology(kind, cleanup, { env })
      const before = await kura.pids()
      const pushes = startPushes(kura.urls, clients)
      for (let round = 0; round < rounds; round++) {
        await pushes.underWay()
        expect(pushes.open()).toBeGreaterThan(clients / 2)
        await replacements[kind](kura)
      }
      const { pushed, failures } = await pushes.end()

      expect(failures).toEqual([])
      expect(pushed.length).toBeGreaterThanOrEqual(clients)
      const pulled = kura.urls.map(async (url) => {
        const its = pushed.filter(({ place }) => place.url === url)
        for (const { place, digest } of its) expect(await pullImage(place, 'v1')).toBe(digest)
      })
      await Promise.all(pulled)

      // Those that were replaced may take a moment to go.
      const old = kind === 'cluster' ? before.workers : [...before.workers, ...before.gateways]
      await untilGone(old)
      const { gateways, workers } = await kura.pids()
      expect([gateways.length, workers.length]).toEqual([
        before.gateways.length,
        before.workers.length,
      ])
      expect(kura.output()).not.toMatch(/HTTP\/1.1" 5\d\d/)
      await kura.destroy()
    },
    400_000,
  )
})
