/** A client that waits to be asked for its body: when it is asked, and when not. */
import { once } from 'node:events'
import { createServer, type RequestListener, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, it } from '@jest/globals'
import { meetExpectations } from '../../../gateway/listen/expectations.ts'
import { useCleanup } from '../../support/cleanup.ts'

const cleanup = useCleanup()

/** The steps of one exchange, in the order in which they came about. */
async function exchange(answer: (step: (name: string) => void) => RequestListener) {
  const steps: string[] = []
  const step = (name: string) => void steps.push(name)
  const server = createServer(answer(step)).listen(0, '127.0.0.1')
  meetExpectations(server)
  cleanup.add(async () => void server.close().closeAllConnections())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const headers = { Expect: '100-continue', 'Content-Length': 4 }
  const client = request({ port, host: '127.0.0.1', method: 'PUT', headers, agent: false })
  client.flushHeaders()
  client.on('continue', () => {
    step('asked')
    client.end('body')
  })
  const [response] = await once(client, 'response')
  step(`answered ${await text(response)}`)
  client.destroy()
  return steps
}

it('is asked once, when something begins to read the body, and not before', async () => {
  const steps = await exchange((step) => async (req, res) => {
    // As a look at the user's rights would take a while.
    await new Promise(setImmediate)
    step('reading')
    res.end(await text(req))
  })
  expect(steps).toEqual(['reading', 'asked', 'answered body'])
})

it('is not asked by an answer that needs no body', async () => {
  const steps = await exchange(() => (_, res) => void res.end('no'))
  expect(steps).toEqual(['answered no'])
})

it('is not asked for a body that is read while the answer is under way', async () => {
  const steps = await exchange(() => (req, res) => {
    res.writeHead(403, { 'Content-Length': 2 }).write('n')
    req.resume()
    setImmediate(() => res.end('o'))
  })
  expect(steps).toEqual(['answered no'])
})
