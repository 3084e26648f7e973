/** What a registry is sent to let us in: learned from its challenge, then sent with each request from the start. */
import { UpstreamError } from '../error.ts'
import type { Transport } from '../wire/transport.ts'
import { parseChallenges } from './challenges.ts'
import type { Credentials, Login, Wanted } from './credentials.ts'
import { mayHaveLogin, parseRealm } from './realm.ts'
import { basic, nameOf, type TokenServer } from './token-request.ts'
import { createTokenRequests } from './token-requests.ts'
import { createTokens } from './tokens.ts'

type Options = {
  upstream: URL
  transport: Transport
  credentials?: Credentials | undefined
  /** Hosts of token servers that may have the login, beside the registry's own domain. */
  tokenHosts?: readonly string[] | undefined
}

type Way = { scheme: 'none' } | { scheme: 'basic' } | { scheme: 'bearer'; server: TokenServer }
type Refused = { header: string | undefined; challenge: string; status: number }

export type Authorization = ReturnType<typeof createAuthorization>

export function createAuthorization({ upstream, transport, credentials, tokenHosts }: Options) {
  const tokens = createTokens(createTokenRequests({ upstream, transport }))
  const findLogin = (wanted: Wanted) => loginOf(credentials, upstream, wanted)
  let way: Way = { scheme: 'none' }

  return {
    /** The header for a request, as far as the registry has said before how it wants to be asked. */
    async find(scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined> {
      if (way.scheme === 'none') return undefined
      if (way.scheme === 'basic') return basic(await findLogin({ signal })).authorization
      const { server } = way
      const kept = tokens.peek({ server, scopes })
      return `Bearer ${kept ?? (await findToken(server, { scopes, signal }))}`
    },

    /** Another header after a 401; throws where there is none that could help. */
    async findOther(scopes: readonly string[], refused: Refused, signal?: AbortSignal) {
      way = wayOf(refused.challenge, upstream)
      if (way.scheme === 'bearer') {
        const token = /^Bearer (.*)$/.exec(refused.header ?? '')?.[1]
        return `Bearer ${await findToken(way.server, { scopes, signal, refused: token })}`
      }
      const login = await findLogin({ signal, isRefused: refused.header !== undefined })
      const header = basic(login).authorization
      if (header !== undefined && header !== refused.header) return header
      throw refusal(upstream, login, refused.status)
    },

    /** The error for a 401 after which nothing else is left to try. */
    async refusal(status: number, signal?: AbortSignal): Promise<UpstreamError> {
      return refusal(upstream, await findLogin({ signal }), status)
    },
  }

  type Sought = {
    scopes: readonly string[]
    signal?: AbortSignal | undefined
    refused?: string | undefined
  }

  async function findToken(server: TokenServer, { scopes, signal, refused }: Sought) {
    const login = await findLogin({ signal, isRefused: refused !== undefined })
    if (!login || mayHaveLogin(server.realm, upstream, tokenHosts)) {
      return tokens.find({ server, scopes, login }, refused, signal)
    }
    const text = `it wants the login to be sent to ${server.realm.host}, which is neither its host nor in its public domain: the setting tokenhosts of a mirror, and --from-token-host or --to-token-host of a command, allow it`
    throw new UpstreamError('unauthorized', upstream.host, text)
  }
}

async function loginOf(credentials: Credentials | undefined, upstream: URL, wanted: Wanted) {
  try {
    return await credentials?.(wanted)
  } catch (cause) {
    wanted.signal?.throwIfAborted()
    const text = `the login for it cannot be read: ${(cause as Error).message}`
    throw new UpstreamError('unauthorized', upstream.host, text, { cause })
  }
}

function wayOf(header: string, upstream: URL): Way {
  const challenges = parseChallenges(header)
  const find = (scheme: string) => challenges.find((it) => it.scheme === scheme)
  const parameters = find('bearer')?.parameters
  if (parameters) {
    const realm = parseRealm(parameters.get('realm'), upstream)
    return { scheme: 'bearer', server: { realm, service: parameters.get('service') } }
  }
  if (find('basic')) return { scheme: 'basic' }
  const found = challenges.map(({ scheme }) => scheme).join(', ') || 'nothing'
  const text = `it wants a login by ${found.slice(0, 100)}; basic and bearer are known here`
  throw new UpstreamError('unauthorized', upstream.host, text, { status: 401 })
}

function refusal(upstream: URL, login: Login | undefined, status: number): UpstreamError {
  const text = login
    ? `it refuses the login${nameOf(login)}, or does not show this to it (${status})`
    : `it wants a login, and there is none for it (${status})`
  return new UpstreamError('unauthorized', upstream.host, text, { status })
}
