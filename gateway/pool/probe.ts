/** Asks a worker for a sign of life: a signed request for nothing in particular. */

import { randomUUID } from 'node:crypto'
import { type IncomingMessage, request } from 'node:http'
import type { Address } from './addresses.ts'
import type { CallSigner } from './call-signer.ts'
import { headersFor, internalHeaders } from './wire-headers.ts'

const asked = { method: 'GET', url: '/v2/' }

/** The answer to a probe; `unfit` says why a worker that is there is of no use. */
export type Sign = 'up' | 'leaving' | { unfit: string }

export const otherSecret =
  'it does not accept our signature: is its http.secret the same, and its clock?'

/** Rejects with what a log should say when there is no answer. */
export function createProbe(signer: CallSigner) {
  return async (address: Address, signal: AbortSignal): Promise<Sign> => {
    const identity = signer.sign(asked, {
      requestId: randomUUID(),
      origin: 'http://worker',
      address: '127.0.0.1',
      readsBlobs: false,
      identity: { name: undefined, groups: [], method: 'none' },
    })
    const { promise, resolve, reject } = Promise.withResolvers<Sign>()
    request({
      ...address,
      method: asked.method,
      path: asked.url,
      headers: headersFor({}, identity),
      agent: false,
      signal,
    })
      .once('error', reject)
      .once('response', (answer) => {
        answer.resume()
        resolve(signOf(answer))
      })
      .end()
    return promise
  }
}

function signOf({ headers, statusCode }: IncomingMessage): Sign {
  if (headers[internalHeaders.leaving]) return 'leaving'
  if (headers[internalHeaders.unsigned]) return { unfit: otherSecret }
  return statusCode === 200 ? 'up' : { unfit: `it answers ${statusCode}` }
}
