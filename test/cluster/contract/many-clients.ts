/** Everybody pushes and pulls at once, over whatever node comes next. */
import { expect, it } from '@jest/globals'
import type { Cluster } from '../../support/cluster.ts'
import { inLength } from '../../support/length.ts'
import { findLosses, startWork } from '../support/work.ts'

const [clients, images] = inLength({ short: [6, 2], long: [8, 10] })

export function manyClients(cluster: () => Cluster): void {
  it('takes pushes and pulls of many over all nodes, and every gateway has all of them', async () => {
    const { url, urls } = cluster()
    const { faults, pushed } = await startWork({ url, clients, images, name: 'many' }).end()
    expect(faults).toEqual([])
    expect(pushed).toHaveLength(clients * images)
    expect(await findLosses(urls, pushed)).toEqual([])
  })
}
