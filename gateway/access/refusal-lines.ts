/**
 * Writes refusals and their reasons to the log: a line for each login that fails, each that has to wait,
 * and each denial by a policy. Repeated lines are counted after a while, so that nobody fills the log.
 */
import type { RuleReference } from '../../policies/engine/decision.ts'
import type { Wanted } from '../../registry/protocol/call.ts'
import type { GatewayContext } from '../context.ts'
import { createCounted } from '../log/counted.ts'
import { withoutSecrets } from '../log/redact.ts'
import { safeName } from './safe-name.ts'

export type Refusal = {
  what: keyof typeof messages
  /** As the client typed it, or as a token that was once good has it. */
  user?: string | undefined
  reason: string
  /** The question to the policies, and the rule that denied it. */
  wanted?: Wanted
  rule?: RuleReference | undefined
}

export type ReportRefusal = (ctx: GatewayContext, refusal: Refusal) => void

const messages = {
  login: 'a login was refused',
  delayed: 'a login has to wait',
  denied: 'a request was denied',
}

type Options = Omit<Parameters<typeof createCounted>[0], 'level' | 'others'>

export function createRefusals(options: Options) {
  const { log } = options
  const others = 'others were refused than are written one by one'
  const { write, close } = createCounted({ level: 'warn', others, ...options })
  return { report, close }

  function report(ctx: GatewayContext, refusal: Refusal): void {
    if (!log.isLevelEnabled('warn')) return
    const { requestId } = ctx.state
    const own = { 'http.request.id': requestId, 'http.request.method': ctx.method }
    write({ message: messages[refusal.what], fields: fieldsOf(ctx, refusal), own })
  }
}

/** Undefined fields are left out of the line. */
function fieldsOf(ctx: GatewayContext, { user, reason, wanted, rule }: Refusal) {
  return {
    'auth.user.name': user === undefined ? undefined : safeName(user),
    'http.request.remoteaddr': ctx.ip || undefined,
    reason,
    action: wanted?.action,
    'vars.name': wanted?.repository || undefined,
    'vars.reference': wanted?.tag === undefined ? undefined : withoutSecrets(wanted.tag),
    'policy.rule': rule?.name,
    'policy.file': rule?.file,
    'policy.line': rule?.line,
  }
}
