/**
 * Who may go on with an upload: whoever began it and nobody else. A token that has run out since will
 * do for that, so that no push is lost half-way because it took long.
 */
import type { Identity } from '../protocol/call.ts'
import { RegistryError } from '../protocol/errors.ts'
import type { UploadState } from './record.ts'

export type Asker = Pick<Identity, 'name' | 'expiredAt'>

/**
 * Throws `uploadUnknown` or `unauthorized`. What nobody is known to have begun, such as an upload of
 * another registry on the same folder, is everyone's who may push there and still has a good token.
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
