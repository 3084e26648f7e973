/** The contract of many nodes that act as one, for any storage that they share. */
import type { Cleanup } from '../../support/cleanup.ts'
import type { Cluster } from '../../support/cluster.ts'
import { lostAnswer } from './lost-answer.ts'
import { manyClients } from './many-clients.ts'
import { races } from './races.ts'
import { splitUpload } from './split-upload.ts'
import { workerKilled } from './worker-killed.ts'

export function manyNodesContract(cleanup: Cleanup, cluster: () => Cluster): void {
  manyClients(cluster)
  splitUpload(cluster)
  races(cluster)
  lostAnswer(cleanup, cluster)
  workerKilled(cluster)
}
