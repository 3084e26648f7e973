/**
 * The look whether Redis is back. In a cluster it begins with who holds which keys by now, and asks
 * every master, since calls go to all of them. A silent connection is given up: its server may be no
 * more, and only a new connection leads to the one in its place.
 */
import { Cluster, type Redis } from 'ioredis'
import type { Client } from './client.ts'
import { reasonOf } from './guard.ts'

const key = 'kura:probe'

/** Resolves when all that is needed can be done. */
export async function probe(client: Client): Promise<void> {
  if (client instanceof Cluster) {
    await learnMasters(client)
    await Promise.all(client.nodes('master').map((master) => heard(master, askMaster(master))))
    await writeProbe(client)
    return
  }
  await heard(client, writeProbe(client))
}

export async function writeProbe(client: Client): Promise<void> {
  await client.set(key, '1', 'PX', 1_000)
}

function learnMasters(cluster: Cluster): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  cluster.refreshSlotsCache((error) => (error ? reject(error) : resolve()))
  return promise
}

async function askMaster(master: Redis): Promise<void> {
  try {
    await master.get(key)
  } catch (error) {
    // The key is another's, and this master is there to say so.
    if (!reasonOf(error).startsWith('MOVED')) throw error
  }
}

async function heard(connection: Redis, answer: Promise<void>): Promise<void> {
  try {
    await answer
  } catch (error) {
    const isSilent = connection.status === 'ready' && reasonOf(error) === 'Command timed out'
    if (isSilent) connection.disconnect(true)
    throw error
  }
}
