/** Asks a worker for a sign of life: a signed request for nothing in particular. */

import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import type { Address } from './addresses.ts'
import { headersFor, internalHeaders } from './headers.ts'
import type { Identities } from './identity.ts'

const asked = { method: 'GET', url: '/v2/' }

/** Rejects with what a log should say when the worker cannot be used. */
export function createProbe(identities: Identities) {
  return async (address: Address, signal: AbortSignal): Promise<'up' | 'leaving'> => {
    const identity = identities.sign(asked, {
      requestId: randomUUID(),
      origin: 'http://worker',
      address: '127.0.0.1',
      readsBlobs: false,
      identity: { name: undefined, groups: [], method: 'none' },
    })
    const { promise, resolve, reject } = Promise.withResolvers<'up' | 'leaving'>()
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
        if (answer.headers[internalHeaders.unsigned]) {
          reject(
            new Error('it does not accept our signature: is http.secret the same, and the clock?'),
          )
        } else if (answer.statusCode !== 200) {
          reject(new Error(`it answers ${answer.statusCode}`))
        } else resolve(answer.headers[internalHeaders.leaving] ? 'leaving' : 'up')
      })
      .end()
    return promise
  }
}
