/** Our own faults in the log: a connection that broke off is never one. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect, it } from '@jest/globals'
import Koa from 'koa'
import { logErrors } from '../../../gateway/log/errors.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { createLines } from '../listen/log.ts'

const cleanup = useCleanup()
const put = 'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'

async function start() {
  const { log, lines } = createLines()
  const app = new Koa()
    .use(async (ctx) => {
      for await (const _ of ctx.req);
      throw new Error('our own fault')
    })
    .on('error', logErrors(log))
  const server = createServer(app.callback())
  cleanup.add(async () => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const connection = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [socket] = (await once(server, 'connection')) as [Socket]
  const closed = new Promise((resolve) => socket.once('close', resolve))
  return { lines, connection, closed }
}

const endings: [what: string, end: (connection: Socket) => unknown][] = [
  ['ends in the middle of a chunk', (it) => it.end('5\r\nab')],
  ['ends between chunks', (it) => it.end('2\r\nab\r\n')],
  ['sends what is no chunk', (it) => it.end('zz\r\n')],
  ['is reset', (it) => it.write('5\r\nab', () => it.resetAndDestroy())],
]
it.each(endings)('a body whose client %s is no failed request', async (_what, end) => {
  const { lines, connection, closed } = await start()
  connection.on('error', () => {}).write(put)
  end(connection)
  await closed
  await new Promise(setImmediate)
  expect(lines).toEqual([])
})

it('a fault of ours is one', async () => {
  const { lines, connection, closed } = await start()
  connection.resume().end(`${put}0\r\n\r\n`)
  await closed
  expect(lines).toEqual(['error: request failed'])
})
