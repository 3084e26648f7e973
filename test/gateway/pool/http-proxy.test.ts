/** One exchange with a worker, as the library behind it ends. */
import { once } from 'node:events'
import { Agent, createServer, get, type RequestListener } from 'node:http'
import { expect, it } from '@jest/globals'
import { createHttpProxy } from '../../../gateway/pool/http-proxy.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { close, listening } from '../../support/http-server.ts'
import { addressOf, startRawWorker } from './support/workers.ts'

const cleanup = useCleanup()

it('ends when a worker breaks off whose client had left before it began', async () => {
  const exchange = createHttpProxy()
  const agent = new Agent({ keepAlive: true })
  const worker = await startRawWorker((req) => void req.socket.destroy())
  const { promise: outcome, resolve } = Promise.withResolvers<unknown>()
  const handle: RequestListener = async (req, res) => {
    req.socket.destroy()
    await once(res, 'close')
    const to = worker.address
    const { answer } = exchange({ req, res, url: '/v2/a', headers: {}, to, agent })
    resolve(await answer.catch(({ code }) => code))
  }
  const gateway = createServer(handle)
  await listening(gateway, { port: 0, host: '127.0.0.1' })
  cleanup.add(async () => {
    agent.destroy()
    await Promise.all([worker.close(), close(gateway)])
  })
  get({ ...addressOf(gateway), agent: false }).on('error', () => {})
  expect(await outcome).toBe('ECONNRESET')
}, 20_000)
