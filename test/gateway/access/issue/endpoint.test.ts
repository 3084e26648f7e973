import { describe, expect, it } from '@jest/globals'
import { decodeJwt } from 'jose'
import { send } from '../../../support/http.ts'
import { base, start } from './token-service.ts'

describe('the endpoint', () => {
  it('leaves other paths to others', async () => {
    expect((await send('GET', `${base}/v2/`)).status).toBe(404)
    expect((await send('GET', `${base}/auth/token`)).status).toBe(200)
  })

  it.each(['PUT', 'DELETE', 'PATCH', 'HEAD'])('knows no %s', async (method) => {
    const { status, headers } = await send(method, `${base}/v2/token`)
    expect([status, headers.allow, headers['cache-control']]).toEqual([
      405,
      'GET, POST',
      'no-store',
    ])
  })

  it('answers the browser of a page that wants to sign in', async () => {
    const { status, headers, body } = await send('OPTIONS', `${base}/v2/token`)
    expect([status, headers.allow, body.length]).toEqual([200, 'GET, POST', 0])
  })

  it.each([
    [1, 60],
    [60, 60],
    [300, 300],
  ])('gives a token for %d seconds %d', async (seconds, expected) => {
    const url = await start({ seconds })
    const { body } = await send('GET', `${url}/v2/token`)
    const { token, expires_in } = JSON.parse(body.toString())
    const { iat, exp } = decodeJwt(token)
    expect([expires_in, Number(exp) - Number(iat)]).toEqual([expected, expected])
  })
})
