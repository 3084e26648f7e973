/** `docker-registry`, which is registry:2 as Debian packages it, on a port of its own. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'
import { findFreePort } from './ports.ts'
import { run } from './run.ts'
import { startService } from './service.ts'

/** `auth` is the section of that name, as JSON. */
export async function startDistribution(cleanup: Cleanup, root: string, auth?: object) {
  const port = await findFreePort()
  const host = `127.0.0.1:${port}`
  const service = await startService({
    command: 'docker-registry',
    args: ['serve', await writeConfig(cleanup, root, { host, auth })],
    env,
    ready: /listening on/,
  })
  cleanup.add(service.stop)
  return { ...service, host, url: `http://${host}` }
}

/** Removes whatever no manifest of the volume refers to, which needs a registry that stands still. */
export async function collectGarbage(
  cleanup: Cleanup,
  root: string,
  ...options: '--delete-untagged'[]
): Promise<string> {
  const file = await writeConfig(cleanup, root, { host: '127.0.0.1:0' })
  return run('docker-registry', ['garbage-collect', ...options, file], { env })
}

const env = { PATH: process.env.PATH, HOME: '/nonexistent' }

type Wanted = { host: string; auth?: object | undefined }

async function writeConfig(cleanup: Cleanup, root: string, { host, auth }: Wanted) {
  const file = join(await cleanup.folder(), 'config.yml')
  const text = `version: 0.1
storage:
  filesystem: { rootdirectory: ${root} }
  delete: { enabled: true }
http: { addr: '${host}' }
${auth ? `auth: ${JSON.stringify(auth)}\n` : ''}`
  await writeFile(file, text)
  return file
}
