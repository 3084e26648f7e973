/**
 * The state of an upload as its client carries it from one request to the next, in the `_state` of
 * the URL. It is signed for its repository and upload, so nobody can make one up or use it elsewhere.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { UploadState } from './state.ts'
import { stateRecord } from './state-record.ts'

/** The name that registry:2 gives to the same, so that whoever treats it apart goes on to do so. */
export const carriedIn = '_state'

/** Far more than a state takes. */
const longest = 4096

type Of = { repository: string; id: string }

export type Carrier = ReturnType<typeof createCarrier>

/** `secret` is one that all processes share which serve an upload: `http.secret`. */
export function createCarrier(secret: string) {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'kura upload state, 1', 32))
  const macOf = ({ repository, id }: Of, payload: string) =>
    createHmac('sha256', key).update(`${repository}\n${id}\n${payload}`).digest()

  return {
    write(upload: Of, state: UploadState): string {
      const payload = Buffer.from(JSON.stringify(state)).toString('base64url')
      return `${payload}.${macOf(upload, payload).toString('base64url')}`
    },

    /** Undefined for what we did not sign: clients may come with the state of another registry. */
    read(upload: Of, text: string): UploadState | undefined {
      if (text.length > longest) return undefined
      const [payload = '', mac = ''] = text.split('.')
      const [found, expected] = [Buffer.from(mac, 'base64url'), macOf(upload, payload)]
      if (found.length !== expected.length || !timingSafeEqual(found, expected)) return undefined
      // An older kura may have signed what this one does not understand.
      return stateRecord.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString())).data
    },
  }
}
