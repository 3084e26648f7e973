/** Manifests: the documents that make blobs an image. Stored byte for byte as they were pushed. */
import type { Leases } from '../../leases/lease.ts'
import type { StorageDriver } from '../../storage/driver.ts'
import type { Links } from '../links.ts'
import type { Tags } from '../tags/tags.ts'
import type { Descriptions } from './descriptions.ts'
import { createHolds } from './holds.ts'
import { createManifestPut } from './put.ts'
import { createManifestReads } from './read.ts'
import { createManifestRemoval } from './remove.ts'

export type Manifests = ReturnType<typeof createManifests>

type Parts = {
  storage: StorageDriver
  links: Links
  tags: Tags
  leases: Leases
  descriptions: Descriptions
}

export function createManifests({ leases, ...parts }: Parts) {
  const holds = createHolds(leases)
  return {
    ...createManifestReads(parts),
    ...createManifestPut({ ...parts, holds }),
    ...createManifestRemoval({ ...parts, holds }),
  }
}
