/** What a handler of a mirror is given beside the request: the repository, here and at its upstream. */
import type { CallContext, Handler } from '../../registry/http/context.ts'
import type { Reason } from '../../registry/protocol/errors.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { Filter } from '../filters.ts'
import type { MirrorSettings } from '../settings.ts'
import type { Source } from '../source.ts'

export type MirrorContext = {
  repository: string
  source: Source
  settings: MirrorSettings
  filter: Filter
}
export type MirrorHandler = (ctx: CallContext, mirrored: MirrorContext) => Promise<void>

/** Lets the registry answer; false where it does not have what is asked for. */
export async function answered(
  ctx: CallContext,
  { answer, unless }: { answer: Handler; unless: Reason },
): Promise<boolean> {
  try {
    await answer(ctx)
    return true
  } catch (error) {
    if (error instanceof RegistryError && error.reason === unless) return false
    throw error
  }
}
