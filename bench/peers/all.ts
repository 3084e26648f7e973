/** All that can be compared, by the names of the command line. */
import { dockerRegistry } from './docker-registry.ts'
import { kura, kuraWorkers } from './kura.ts'
import type { Peer } from './peer.ts'

export const peers = {
  kura,
  'kura-workers': kuraWorkers,
  'docker-registry': dockerRegistry,
} satisfies Record<string, Peer>

/** The peer that the others are compared with. */
export const yardstick = 'docker-registry'
