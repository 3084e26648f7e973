/**
 * An upload belongs to the user who began it: no other may go on with it. Their token may have run out
 * since, so that no push is lost half-way because it took long.
 */
import type { Identity } from '../protocol/call.ts'
import { RegistryError } from '../protocol/errors.ts'
import type { UploadState } from './record.ts'

export type Asker = Pick<Identity, 'name' | 'expiredAt'>

/**
 * Throws `uploadUnknown` or `unauthorized`. An upload without a known user, such as one of another registry
 * on the same folder, is open to all who may push there and have a token that is still good. The gateway adds to
 * `unauthorized` how to sign in (gateway/access/authenticate.ts).
 */
export function refuseOthers(id: string, { name, expiredAt }: Asker, state?: UploadState): void {
  const isTheirs = state?.subject !== undefined && state.subject === name
  if (expiredAt !== undefined) {
    if (isTheirs && state.startedAt.getTime() < expiredAt) return
    throw new RegistryError('unauthorized')
  }
  if (state?.subject === undefined || isTheirs) return
  throw new RegistryError('uploadUnknown', { detail: { upload: id } })
}
