/** The public keys are where others look for them, and nothing secret is among them. */
import { expect, it } from '@jest/globals'
import { publishKeys } from '../../../../gateway/access/keys/public-keys.ts'
import type { GatewayContext } from '../../../../gateway/context.ts'

const set = {
  keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'a', alg: 'ES256', use: 'sig' }],
}
const serve = publishKeys('/v2/token/keys', { jwks: async () => set })

function request(method: string, path: string) {
  const headers: Record<string, string> = {}
  const ctx = {
    method,
    path,
    body: undefined as unknown,
    set: (it: object) => Object.assign(headers, it),
  }
  return { ctx: ctx as unknown as GatewayContext, headers }
}

it('are served as a JSON Web Key Set', async () => {
  const { ctx, headers } = request('GET', '/v2/token/keys')
  await serve(ctx, async () => {})
  expect(JSON.parse(String(ctx.body))).toEqual(set)
  expect(headers['Content-Type']).toBe('application/jwk-set+json')
})

it.each([
  ['POST', '/v2/token/keys'],
  ['GET', '/v2/token'],
  ['GET', '/v2/'],
])('leave %s %s to others', async (method, path) => {
  const { ctx } = request(method, path)
  let passed = false
  await serve(ctx, async () => {
    passed = true
  })
  expect({ passed, body: ctx.body }).toEqual({ passed: true, body: undefined })
})
