/** The leases under which manifests and tags are changed. */
import type { Leases } from '../../leases/lease.ts'
import type { Digest } from '../../protocol/digest.ts'
import type { Tag } from '../../protocol/name.ts'
import type { StorageDriver } from '../../storage/driver.ts'
import type { FencedStorage } from '../../storage/fenced.ts'
import { hold } from '../hold.ts'

export type Holds = ReturnType<typeof createHolds>
/** A storage that may be under a lease already; then both are asked. */
export type Changeable = Omit<StorageDriver, 'close'>

type Revision = { repository: string; digest: Digest }
type NamedTag = { repository: string; tag: Tag }
type Work<T> = (under: FencedStorage) => Promise<T>

/**
 * Pushing and deleting one manifest exclude each other, or a push could be acknowledged whose revision a
 * delete has just taken away. A change that needs both leases takes that of the revision first, then that of
 * the tag.
 */
export function createHolds(leases: Leases) {
  return { holdRevision, holdTag }

  function holdRevision<T>(
    storage: Changeable,
    { repository, digest }: Revision,
    work: Work<T>,
  ): Promise<T> {
    const name = `manifest ${repository} ${digest}`
    return hold(leases, { name, busy: 'unavailable', storage }, work)
  }

  /** `storage` is the one under the revision's lease, where that is held. */
  function holdTag<T>(storage: Changeable, { repository, tag }: NamedTag, work: Work<T>) {
    return hold(leases, { name: `tag ${repository} ${tag}`, busy: 'unavailable', storage }, work)
  }
}
