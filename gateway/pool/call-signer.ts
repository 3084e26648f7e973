/**
 * The user and the origin of a request, written down by a gateway for a worker and signed. A signature
 * holds for one method, one target and a minute or two, so a stolen one opens nothing else.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { CallState } from '../../registry/protocol/call.ts'
import { createPatternGrant } from '../access/verify/bound.ts'

/** In milliseconds: what a request may take to arrive, and how far two clocks may be apart. */
const goodFor = 60_000
const skew = 60_000

/** The facts for a worker that do not stand in the request itself. */
export type SignedCall = Pick<CallState, 'requestId' | 'origin' | 'identity'> & {
  /** Where the client is, for the rules that ask. */
  address: string
  /** The gateway reads blobs by itself, so naming one is enough. */
  readsBlobs: boolean
}

type Request = { method: string; url: string }

const strings = z.array(z.string())
const grant = z.object({
  type: z.string(),
  name: z.string(),
  actions: strings,
  isPattern: z.boolean().optional(),
})
const written = z.object({
  until: z.number(),
  method: z.string(),
  url: z.string(),
  call: z.object({
    requestId: z.string(),
    origin: z.string(),
    address: z.string(),
    readsBlobs: z.boolean(),
    identity: z.object({
      name: z.string().optional(),
      groups: strings,
      method: z.string(),
      bound: z.array(grant).optional(),
      expiredAt: z.number().optional(),
    }),
  }),
})

export type CallSigner = ReturnType<typeof createCallSigner>

/** `secret` is what gateways and workers share: `http.secret`. */
export function createCallSigner(secret: string, now: () => number = Date.now) {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'kura gateway to worker, 1', 32))
  const macOf = (text: string) => createHmac('sha256', key).update(text).digest('base64url')

  return {
    sign({ method, url }: Request, call: SignedCall): string {
      const text = JSON.stringify({ until: now() + goodFor, method, url, call })
      const payload = Buffer.from(text).toString('base64url')
      return `${payload}.${macOf(payload)}`
    },

    /** Undefined for text that no gateway of ours has signed, or for another request, or long ago. */
    verify(header: string | undefined, { method, url }: Request): SignedCall | undefined {
      const [payload = '', signature = '', ...rest] = (header ?? '').split('.')
      // As text, for there is more than one way to write the same bytes.
      const [expected, found] = [Buffer.from(macOf(payload)), Buffer.from(signature)]
      if (rest.length > 0 || found.length !== expected.length) return undefined
      if (!timingSafeEqual(found, expected)) return undefined

      const { until, call, ...signed } = written.parse(
        JSON.parse(Buffer.from(payload, 'base64url').toString()),
      )
      const isFresh = until > now() - skew && until <= now() + goodFor + skew
      if (!isFresh || signed.method !== method || signed.url !== url) return undefined
      const { name, bound, ...identity } = call.identity
      // A function does not travel: what a pattern matches is worked out here again.
      const made = bound?.map((it) => (it.isPattern ? createPatternGrant(it) : it))
      return { ...call, identity: { name, ...identity, ...(made && { bound: made }) } }
    },
  }
}
