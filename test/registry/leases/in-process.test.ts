/** Leases among the requests of one process. */
import { describe, expect, it } from '@jest/globals'
import { createInProcessLeases } from '../../../registry/leases/in-process.ts'
import { exclusionContract } from './exclusion.ts'

exclusionContract('leases in one process', async (longest) => createInProcessLeases(longest))

describe('leases in one process', () => {
  it('go to whoever waits, in the order of asking', async () => {
    const leases = createInProcessLeases()
    const turns: number[] = []
    const take = (turn: number) => leases.hold('x', 'unavailable', async () => turns.push(turn))
    await Promise.all([1, 2, 3, 4].map(take))
    expect(turns).toEqual([1, 2, 3, 4])
  })
})
