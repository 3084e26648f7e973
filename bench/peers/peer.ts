/**
 * A registry that is measured: how it is started, and the configuration that all of them read. It is
 * one text for all, because kura takes that of registry:2 as it stands.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startService } from '../../test/support/service.ts'
import { createClient } from '../load/client.ts'
import type { Certificate } from '../settings.ts'
import type { Stage } from '../stage.ts'
import type { Storage } from '../storage.ts'

type Given = { stage: Stage; storage: Storage; certificate?: Certificate | undefined }

export type Started = {
  url: string
  /** The processes that do the work, with all below them. */
  processes(): Promise<number[]>
  /** Its output, for when it fails. */
  output(): string
}

export type Peer = {
  /** How the report calls it, where clients connect without TLS and with it. */
  title: string
  titleWithTls?: string
  start(given: Given): Promise<Started>
}

type Listening = Pick<Given, 'storage' | 'certificate'> & { port: number }

/** Nothing is logged but errors, and blobs are sent by the registry itself. */
export function configurationOf({ storage, certificate, port }: Listening): string {
  const tls = certificate ? `  tls: ${JSON.stringify(certificate)}\n` : ''
  return `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage:
  ${storage.config}
  delete: { enabled: true }
  redirect: { disable: true }
${storage.beside ?? ''}http:
  addr: '127.0.0.1:${port}'
${tls}`
}

type Program = { stage: Stage; command: string; args: (config: string) => string[]; text: string }

/** Starts a program that reads one file, in a folder of its own. */
export async function startProgram({ stage, command, args, text }: Program) {
  const cwd = await stage.folder()
  const config = join(cwd, 'config')
  await writeFile(config, text)
  const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, HOME: '/nonexistent' }
  // Nothing is waited for here: with its log off, a program does not say when it is ready.
  const service = await startService({ command, args: args(config), env, cwd, ready: /^/ })
  stage.add(service.stop)
  return service
}

type Service = Awaited<ReturnType<typeof startProgram>>

const patience = 30_000
const betweenTries = 50

/** Resolves once the registry at `url` answers; rejects with what it wrote when it ends before that. */
export async function answering(url: string, service: Service, authority?: string): Promise<void> {
  const client = createClient({ url, authority, connections: 1 })
  const ended = service.stopped.then(() => {
    throw new Error(`a registry did not start:\n${service.output()}`)
  })
  ended.catch(() => {})
  const until = Date.now() + patience
  try {
    for (;;) {
      const tried = client.send('GET', '/v2/', { expect: 200 }).then(
        () => undefined,
        (error: Error) => error,
      )
      const error = await Promise.race([tried, ended])
      if (!error) return
      if (Date.now() > until) throw new Error(`${url} does not answer`, { cause: error })
      await pause(betweenTries)
    }
  } finally {
    client.close()
  }
}
