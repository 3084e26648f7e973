/** Reads a verified token: who it is about, their groups, and what it allows at most. */
import type { JWTPayload } from 'jose'
import { z } from 'zod'
import type { Identity } from '../../../registry/protocol/call.ts'
import { groupsClaim } from '../issue/issue.ts'
import { TokenRefused } from './refused.ts'

const text = z.string().max(1024)

const claims = z.object({
  sub: text.optional(),
  access: z
    .array(z.object({ type: text, name: text, actions: z.array(text).nullable() }))
    .nullable()
    .optional(),
  [groupsClaim]: z.array(text).optional(),
})

/** A token without a name is a stranger's; one without `access` allows no more than to say hello. */
export function identityFrom(payload: JWTPayload): Identity {
  const found = claims.safeParse(payload)
  if (!found.success) throw new TokenRefused('its claims are not of the right kind')
  const { sub, access, [groupsClaim]: groups = [] } = found.data
  return {
    name: sub || undefined,
    groups,
    method: 'token',
    bound: (access ?? []).map(({ type, name, actions }) => ({
      type,
      name,
      actions: actions ?? [],
    })),
  }
}
