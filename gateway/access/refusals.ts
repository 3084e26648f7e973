/**
 * Says in the log who was refused, and why: a line for each login that fails, each that has to wait,
 * and each denial by a policy. What repeats is counted after a while, so that nobody fills the log.
 */
import type { Logger } from 'pino'
import type { RuleReference } from '../../policies/decision.ts'
import type { Wanted } from '../../registry/spec/call.ts'
import type { Context } from '../state.ts'
import { safeName } from './safe-name.ts'

export type Refusal = {
  what: keyof typeof messages
  /** As the client typed it, or as a token that was once good has it. */
  user?: string | undefined
  reason: string
  /** What a policy was asked, and the rule that denied it. */
  wanted?: Wanted
  rule?: RuleReference | undefined
}

export type ReportRefusal = (ctx: Context, refusal: Refusal) => void

const messages = {
  login: 'a login was refused',
  delayed: 'a login has to wait',
  denied: 'a request was denied',
}

type Options = {
  log: Logger
  /** How long is counted before what was left out is told, in milliseconds. */
  windowMs?: number
  /** Lines in that time: about the same, and about all. */
  mostAlike?: number
  mostLines?: number
  /** Kinds of lines whose repetitions are told apart. */
  mostKinds?: number
}

type Fields = Record<string, unknown>
type Kind = { message: string; fields: Fields; times: number; unwritten: number }

export function createRefusals({
  log,
  windowMs = 60_000,
  mostAlike = 20,
  mostLines = 300,
  mostKinds = 1_000,
}: Options) {
  const kinds = new Map<string, Kind>()
  let lines = 0
  /** Of kinds that there was no room for. */
  let others = 0
  let timer: NodeJS.Timeout | undefined

  return { report, close: tellRest }

  function report(ctx: Context, refusal: Refusal): void {
    if (!log.isLevelEnabled('warn')) return
    timer ??= setTimeout(tellRest, windowMs).unref()
    const message = messages[refusal.what]
    const fields = fieldsOf(ctx, refusal)
    const kind = kindOf(message, fields)
    if (lines >= mostLines || (kind?.times ?? 0) >= mostAlike) {
      if (kind) kind.unwritten += 1
      else others += 1
      return
    }
    lines += 1
    if (kind) kind.times += 1
    const { requestId: id } = ctx.state
    log.warn({ ...fields, 'http.request.id': id, 'http.request.method': ctx.method }, message)
  }

  function kindOf(message: string, fields: Fields): Kind | undefined {
    const key = JSON.stringify([message, fields])
    const known = kinds.get(key)
    if (known || kinds.size >= mostKinds) return known
    const kind = { message, fields, times: 0, unwritten: 0 }
    kinds.set(key, kind)
    return kind
  }

  function tellRest(): void {
    clearTimeout(timer)
    timer = undefined
    const left = [...kinds.values()].filter((it) => it.unwritten > 0)
    const told = left.sort((one, other) => other.unwritten - one.unwritten).slice(0, mostAlike)
    for (const { message, fields, unwritten: times } of told) {
      log.warn({ ...fields, times }, `${message} more often than is written one by one`)
    }
    const rest = left.slice(mostAlike).reduce((sum, { unwritten }) => sum + unwritten, others)
    if (rest > 0) log.warn({ times: rest }, 'others were refused than are written one by one')
    kinds.clear()
    lines = 0
    others = 0
  }
}

/** What is undefined is left out of the line. */
function fieldsOf(ctx: Context, { user, reason, wanted, rule }: Refusal): Fields {
  return {
    'auth.user.name': user === undefined ? undefined : safeName(user),
    'http.request.remoteaddr': ctx.ip.replace(/^::ffff:(?=[\d.]+$)/i, '') || undefined,
    reason,
    action: wanted?.action,
    'vars.name': wanted?.repository || undefined,
    'vars.reference': wanted?.tag,
    'policy.rule': rule?.name,
    'policy.file': rule?.file,
    'policy.line': rule?.line,
  }
}
