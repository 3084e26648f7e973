/** The contract of leases: one holder at a time, and a lease that comes free in the end. */
import { afterEach, describe, expect, it } from '@jest/globals'
import type { Leases } from '../../../registry/leases/lease.ts'

/** `open` makes leases whose patience lasts `longest` milliseconds. */
export function exclusionContract(name: string, open: (longest?: number) => Promise<Leases>) {
  describe(name, () => {
    const opened: Leases[] = []
    const leasesOf = async (longest?: number) => {
      const leases = await open(longest)
      opened.push(leases)
      return leases
    }
    afterEach(async () => {
      for (const leases of opened.splice(0)) await leases.close()
    })

    it('give back what the work answers', async () => {
      const leases = await leasesOf()
      expect(await leases.hold('x', 'unavailable', async () => 'done')).toBe('done')
    })

    it('let one in at a time', async () => {
      const leases = await leasesOf()
      let inside = 0
      let most = 0
      const work = async () => {
        most = Math.max(most, ++inside)
        await new Promise(setImmediate)
        inside--
      }
      await Promise.all(Array.from({ length: 20 }, () => leases.hold('x', 'unavailable', work)))
      expect(most).toBe(1)
    })

    it('let holders of different names work at once', async () => {
      const leases = await leasesOf()
      const both = Promise.withResolvers<void>()
      let inside = 0
      const work = async () => {
        if (++inside === 2) both.resolve()
        await both.promise
      }
      await Promise.all(['x', 'y'].map((name) => leases.hold(name, 'unavailable', work)))
      expect(inside).toBe(2)
    })

    it('come free when the work fails, and its failure is what is thrown', async () => {
      const leases = await leasesOf()
      const failing = async () => {
        throw new Error('the work failed')
      }
      await expect(leases.hold('x', 'unavailable', failing)).rejects.toThrow('the work failed')
      expect(await leases.hold('x', 'unavailable', async () => 'free')).toBe('free')
    })

    it('refuse whoever has waited long enough, and the next one gets in', async () => {
      const leases = await leasesOf(20)
      const { promise: end, resolve: finish } = Promise.withResolvers<void>()
      const first = leases.hold('x', 'uploadBusy', () => end)
      const never = async () => {
        throw new Error('two hold the lease')
      }
      await expect(leases.hold('x', 'uploadBusy', never)).rejects.toMatchObject({
        reason: 'uploadBusy',
        status: 409,
        headers: { 'Retry-After': '1' },
      })
      finish()
      await first
      expect(await leases.hold('x', 'uploadBusy', async () => 'free')).toBe('free')
    })

    it('keep the order of the line when someone in it gives up', async () => {
      const leases = await leasesOf(20)
      const { promise: end, resolve: finish } = Promise.withResolvers<void>()
      let held = true
      const first = leases
        .hold('x', 'unavailable', () => end)
        .finally(() => {
          held = false
        })
      const tired = leases.hold('x', 'unavailable', async () => 'early')
      await expect(tired).rejects.toMatchObject({ reason: 'unavailable' })
      const late = leases.hold('x', 'unavailable', async () => held)
      finish()
      await first
      expect(await late).toBe(false)
    })
  })
}
