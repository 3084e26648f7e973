/** Runs the image: containers on a port of this machine, which go at the end of a test. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DockerEngine } from '../../support/docker-engine.ts'
import { begin, next, send } from '../../support/http.ts'
import { findFreePort } from '../../support/ports.ts'
import { processTree } from '../../support/processes.ts'
import { startService } from '../../support/service.ts'

export type Runner = ReturnType<typeof createRunner>

/** `compiled` is a folder of this machine that keeps what Node has compiled, for containers that may write. */
export function createRunner(engine: DockerEngine, image: string, compiled: string) {
  let count = 0
  const names: string[] = []
  /** There is no bridge, so containers are on the network of this machine. */
  const start = async (options: string[], command: string[] = []) => {
    const port = await findFreePort()
    const name = `kura-${count++}`
    const variables = [`REGISTRY_HTTP_ADDR=127.0.0.1:${port}`, 'REGISTRY_KURA_PROCESSES=1']
    const own = ['--name', name, '--network=host', ...variables.map((it) => `--env=${it}`)]
    names.push(name)
    const cache = ['--volume', `${compiled}:/compiled`, '--env=NODE_COMPILE_CACHE=/compiled']
    const more = options.includes('--read-only') ? [] : cache
    const service = await startService({
      command: 'docker',
      args: ['run', ...own, ...more, ...options, image, ...command],
      env: {
        PATH: process.env.PATH,
        DOCKER_HOST: `unix://${join(dirname(engine.folder), 'socket')}`,
      },
      ready: /listening on/,
    })
    const inspect = async (what: string) =>
      (await engine.docker('inspect', '--format', `{{${what}}}`, name)).trim()
    const processes = async () => processTree(Number(await inspect('.State.Pid')))
    /** The values that /proc/<pid>/status of all processes has for `pattern`, each once. */
    const statuses = async (pattern: RegExp) => {
      const texts = (await processes()).map((pid) => readFile(`/proc/${pid}/status`, 'utf8'))
      return [...new Set((await Promise.all(texts)).map((it) => pattern.exec(it)?.[1]))]
    }
    const url = `http://127.0.0.1:${port}`
    return {
      name,
      url,
      said: service.said,
      users: async () => (await statuses(/^Uid:\s*(\d+)/m)).map(Number),
      /** Those it may ever have. */
      capabilities: () => statuses(/^CapBnd:\s*(\w+)/m),
      stop: () => engine.docker('stop', name),
      exitCode: async () => Number(await inspect('.State.ExitCode')),
      beginUpload: (repository: string) => beginUpload(url, repository),
    }
  }

  return {
    start,
    /** Removes containers in any state. */
    async removeAll() {
      const all = names.splice(0)
      if (all.length > 0) await engine.docker('rm', '--force', '--volumes', ...all)
    },
    runToEnd: (...command: string[]) =>
      engine.docker('run', '--rm', '--network=none', image, ...command),
  }
}

/** An upload that the registry has begun to read, and that goes on when it is told to finish. */
async function beginUpload(url: string, repository: string) {
  const begun = await send('POST', `${url}/v2/${repository}/blobs/uploads/`)
  const headers = { Expect: '100-continue', 'Transfer-Encoding': 'chunked' }
  const { request, answer } = begin('PATCH', next(begun, url), { headers })
  request.flushHeaders()
  await once(request, 'continue')
  request.write('a')
  return {
    async finish() {
      request.end('b')
      return (await answer).status
    },
  }
}
