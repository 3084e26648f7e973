/** The proxy that counts what a registry asks of S3: it changes nothing of what passes. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { startProxy } from '../../bench/round-trips/proxy.ts'
import { createStage } from '../../bench/stage.ts'
import { send } from '../support/http.ts'
import { close, listening } from '../support/http-server.ts'

const stage = createStage()
let proxy: Awaited<ReturnType<typeof startProxy>>

beforeAll(async () => {
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request
    const said = { method, url, signed: headers['x-signed'], host: headers.host }
    response.setHeader('X-Said', JSON.stringify(said)).statusCode = 206
    response.end(await text(request))
  })
  await listening(server, { port: 0, host: '127.0.0.1' })
  stage.add(() => close(server))
  proxy = await startProxy(stage, { port: (server.address() as AddressInfo).port })
})

afterAll(() => stage.clear())

it('passes a request on as it came, and the answer back', async () => {
  const headers = { 'X-Signed': 'Yes', Host: 'bucket.example' }
  const url = `${proxy.endpoint}/bucket/a%2Fb?x-id=PutObject`
  const answer = await send('PUT', url, { headers, body: 'some bytes' })
  expect(answer.status).toBe(206)
  expect(answer.body.toString()).toBe('some bytes')
  expect(JSON.parse(`${answer.headers['x-said']}`)).toEqual({
    method: 'PUT',
    url: '/bucket/a%2Fb?x-id=PutObject',
    signed: 'Yes',
    host: 'bucket.example',
  })
})

it('tells what has passed since it was last asked, in whatever order', async () => {
  await proxy.take()
  const answers = ['/one', '/two'].map((path) => send('GET', `${proxy.endpoint}${path}`))
  await Promise.all(answers)
  const passed = await proxy.take()
  expect(passed.map(({ method, url }) => `${method} ${url}`).sort()).toEqual([
    'GET /one',
    'GET /two',
  ])
  expect(passed.every(({ start, end, copies }) => start < end && !copies)).toBe(true)
  expect(await proxy.take()).toEqual([])
})
