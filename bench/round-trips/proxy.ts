/**
 * Stands before an S3 service and writes down every request that passes, changing none of them. It may
 * make the service seem to be some way off.
 */
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request as open } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { Stage } from '../stage.ts'

type Options = {
  port: number
  /** How long a request and its answer are on their way together. */
  awayMs?: number
}

export type Passed = { method: string; url: string; copies: boolean; start: number; end: number }

export async function startProxy(stage: Stage, { port, awayMs = 0 }: Options) {
  const agent = new Agent({ keepAlive: true })
  const passed: Passed[] = []
  let underWay = 0
  let quiet = Promise.withResolvers<void>()

  async function pass(
    request: IncomingMessage,
    url: string,
  ): Promise<Passed & { answer: IncomingMessage }> {
    const { method = '', rawHeaders: headers } = request
    const start = performance.now()
    if (awayMs > 0) await wait(awayMs)
    // Headers as they came: they are signed, the host that the registry believes in among them.
    const onward = open({ host: '127.0.0.1', port, path: url, method, headers, agent })
    pipeline(request, onward).catch(() => {})
    const [answer] = (await once(onward, 'response')) as [IncomingMessage]
    const copies = 'x-amz-copy-source' in request.headers
    return { method, url, copies, start, end: performance.now(), answer }
  }

  const server = createServer((request, response) => {
    underWay++
    pass(request, request.url ?? '/')
      .then(({ answer, ...one }) => {
        passed.push(one)
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
        return pipeline(answer, response)
      })
      .catch(() => response.destroy())
      .finally(() => {
        underWay--
        if (underWay === 0) quiet.resolve()
      })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  stage.add(async () => {
    server.closeAllConnections()
    server.close()
    agent.destroy()
  })

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Waits until nothing is under way, and answers what has passed since it was last asked. */
    async take(): Promise<Passed[]> {
      while (underWay > 0) {
        quiet = Promise.withResolvers()
        await quiet.promise
      }
      return passed.splice(0)
    },
  }
}
