/** What a gateway of a test has where the test is about something else: everyone may do everything. */
import { randomUUID } from 'node:crypto'
import type { GatewayParts } from '../../gateway/app.ts'
import { openPolicy } from '../../policies/engine/decision.ts'

export const openParts: Omit<GatewayParts, 'pool'> = {
  trustedProxies: [],
  logRequests: (ctx, next) => {
    ctx.state.requestId = randomUUID()
    return next()
  },
  headers: {},
  prefix: '/',
  policy: () => openPolicy,
  login: undefined,
  tokens: [],
}
