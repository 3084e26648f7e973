/** Questions to token servers, none while a server says that it was asked too often. */
import { UpstreamError } from '../error.ts'
import { limited } from '../refusals.ts'
import { createPauses } from '../wire/pauses.ts'
import type { Transport } from '../wire/transport.ts'
import { type Question, requestToken, type Token, tokenServerOf } from './token-request.ts'

type Parts = { upstream: URL; transport: Transport }

export function createTokenRequests(parts: Parts) {
  const pauses = createPauses()
  return async (question: Question): Promise<Token> => {
    const { host } = question.server.realm
    const pause = pauses.find(host)
    if (pause) throw limited(parts.upstream, pause, tokenServerOf(question))
    try {
      return await requestToken(parts, question)
    } catch (error) {
      const retryAt = error instanceof UpstreamError ? error.retryAt : undefined
      if (retryAt) pauses.begin(host, retryAt)
      throw error
    }
  }
}
