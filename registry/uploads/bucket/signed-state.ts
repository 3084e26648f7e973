/**
 * The state of an upload as its client carries it from one request to the next, in the `_state` of
 * the URL. It is signed for its repository and upload, so nobody can make one up or use it elsewhere,
 * and for a time, so that nobody keeps one until its upload is forgotten.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { stateRecord, type Upload, type UploadState } from '../record.ts'

/** The name that registry:2 gives to the same, so that a proxy that treats it apart goes on to do so. */
export const carriedIn = '_state'

/**
 * How long a client has from one answer to its next request, which may itself take any time. Clocks of
 * machines may differ: by some minutes at most where they use the same bucket, which takes no others.
 */
export const carriedMs = 60 * 60 * 1000

/** Far more than a state takes. */
const longest = 4096

const record = z.object({ until: z.number(), state: stateRecord })

export type Carrier = ReturnType<typeof createCarrier>

/** `secret` is one that all processes share which serve an upload: `http.secret`. */
export function createCarrier(secret: string, now: () => number = Date.now) {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'kura upload state, 1', 32))
  const macOf = ({ repository, id }: Upload, payload: string) =>
    createHmac('sha256', key).update(`${repository}\n${id}\n${payload}`).digest()

  return {
    write(upload: Upload, state: UploadState): string {
      const signed = { until: now() + carriedMs, state }
      const payload = Buffer.from(JSON.stringify(signed)).toString('base64url')
      return `${payload}.${macOf(upload, payload).toString('base64url')}`
    },

    /** Undefined for what has expired, and for what we did not sign, such as that of another registry. */
    read(upload: Upload, text: string): UploadState | undefined {
      if (text.length > longest) return undefined
      const [payload = '', mac = ''] = text.split('.')
      const [found, expected] = [Buffer.from(mac, 'base64url'), macOf(upload, payload)]
      if (found.length !== expected.length || !timingSafeEqual(found, expected)) return undefined
      // An older kura may have signed what this one does not understand, or for ever.
      const signed = JSON.parse(Buffer.from(payload, 'base64url').toString())
      const { until = 0, state } = record.safeParse(signed).data ?? {}
      return now() < until ? state : undefined
    },
  }
}
