/** Tokens of a token server: asked for once for any number of callers, and kept until they expire. */
import { LRUCache } from 'lru-cache'
import { createJoined } from '../../registry/pace/joined.ts'
import type { Question, Token } from './token-request.ts'

const mostSeconds = 86_400

export function createTokens(request: (question: Question) => Promise<Token>) {
  const kept = new LRUCache<string, string>({ max: 1000 })
  const joined = createJoined<string>()

  return {
    /** The token that is there already. */
    peek: (question: Omit<Question, 'login'>) => kept.get(keyOf(question)),

    /** `refused` is a token that the registry did not take, so another is wanted. */
    async find(question: Question, refused: string | undefined, signal?: AbortSignal) {
      const key = keyOf(question)
      const found = kept.get(key)
      if (found !== undefined && found !== refused) return found
      const fetch = async () => {
        const { token, seconds } = await request(question)
        // A token that ends while a request is on its way would be refused there.
        kept.set(key, token, { ttl: Math.ceil(Math.min(seconds, mostSeconds) * 900) })
        return token
      }
      return joined(key, fetch, signal)
    },
  }
}

const keyOf = ({ server, scopes }: Omit<Question, 'login'>) =>
  JSON.stringify([server.realm.href, server.service, ...scopes])
