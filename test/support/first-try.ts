/** kura as somebody starts it who has configured nothing, but for a port that is free. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { type Agent, request } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { findFreePort } from './ports.ts'
import { command, compiled } from './release.ts'
import { startService } from './service.ts'

export type FirstTry = Awaited<ReturnType<typeof startFirstTry>>

type Asked = { path?: string; password?: string; agent?: Agent; headers?: Record<string, string> }

/** `home` is where it is started; its data goes below. */
export async function startFirstTry(home: string) {
  const port = await findFreePort()
  const service = await startService({
    command,
    args: ['serve'],
    cwd: home,
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      NODE_COMPILE_CACHE: compiled,
      REGISTRY_HTTP_ADDR: `127.0.0.1:${port}`,
    },
    ready: /What is there now:\n\n.*\n/,
  })
  const authority = join(home, 'data/kura/certificates/ca.crt')
  const ca = await readFile(authority)

  return {
    ...service,
    port,
    host: `localhost:${port}`,
    authority,
    /** As it was shown, if it was. */
    password: /its password\..*\n\n {2}(\S+)\n/.exec(service.output())?.[1],
    /** The lines to paste that begin with this command. */
    lines: (program: string) =>
      [...service.output().matchAll(new RegExp(`^ {2}(${program} .*)$`, 'gm'))].map(
        ([, line = '']) => line,
      ),
    /** The answer to a client that trusts its authority. */
    async ask({ path = '/v2/', password, headers = {} }: Asked = {}) {
      const auth = password === undefined ? null : `admin:${password}`
      const to = { host: 'localhost', servername: 'localhost', port, family: 4, ca, agent: false }
      const asked = request({ ...to, path, auth, headers })
      const [response] = await once(asked.end(), 'response')
      const { statusCode, headers: heard } = response as IncomingMessage
      return { status: statusCode as number, headers: heard, body: await text(response) }
    },
  }
}
