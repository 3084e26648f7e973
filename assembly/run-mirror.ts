/** The mirrors as running parts: a client of each upstream, and the handler before the registry. */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { createMirror, type Mirror } from '../mirror/mirror.ts'
import type { Registry } from '../registry/app.ts'
import { createFilesystemDriver } from '../registry/storage/filesystem/driver.ts'
import {
  type Credentials,
  credentialsOfFile,
  fixedCredentials,
} from '../upstream/access/credentials.ts'
import { credentialsOfHelper } from '../upstream/access/helper.ts'
import { hubLogin, isHub } from '../upstream/hub.ts'
import { createUpstream } from '../upstream/registry.ts'
import type { MirrorConfig } from './mirrors.ts'
import { rulesFrom } from './rules.ts'

type Parts = {
  mirrors: readonly MirrorConfig[]
  registry: Registry
  /** Of the processes of this machine. */
  folder: string
  /** The name of this installation, as upstreams see it. */
  installation: string
  log: Logger
}

export async function runMirror(config: Config, parts: Parts) {
  const { mirrors, registry, folder, installation, log } = parts
  const opened = await Promise.all(
    mirrors.map(async (mirror) => {
      const { settings, login } = mirror
      const credentials = credentialsFrom(mirror)
      const upstream = createUpstream({
        url: new URL(settings.remoteUrl),
        trust: await trustFrom(mirror),
        tokenHosts: login.tokenhosts,
        ...{ credentials, installation, userAgent: 'kura' },
      })
      return { settings, upstream }
    }),
  )
  const local = config.storage.filesystem
    ? undefined
    : createFilesystemDriver({ root: join(folder, 'mirror') })
  const report = (fields: object, message: string) => log.warn(fields, message)
  const rules = rulesFrom(config)
  const mirror = createMirror({ mirrors: opened, registry, local, rules, report })
  const isShared = config.redis !== undefined
  const sweeping = (await isFirst(folder))
    ? startSweeping(mirror, { log, quietMs: isShared ? takeOverMs : 0 })
    : undefined

  return {
    handle: mirror.handle,
    async stop(): Promise<void> {
      await Promise.all([sweeping?.stop(), mirror.close()])
    },
  }
}

/** Whether no other process of this machine has come here before. */
function isFirst(folder: string): Promise<boolean> {
  return mkdir(join(folder, 'mirror-swept')).then(
    () => true,
    () => false,
  )
}

/** Processes of other machines may follow a download whose leader has just died: they get the time to take over. */
const takeOverMs = 20_000

type Sweeping = { log: Logger; quietMs: number }

function startSweeping({ sweep }: Mirror, { log, quietMs }: Sweeping) {
  const stopping = new AbortController()
  const { signal } = stopping
  const ended = run().catch((error) => {
    if (!signal.aborted) log.error({ err: error }, 'what was left of downloads could not be swept')
  })
  return {
    async stop(): Promise<void> {
      stopping.abort()
      await ended
    },
  }

  async function run(): Promise<void> {
    const report = (left: object) => log.info(left, 'removed a download that was cut off')
    await sweep({ quietMs, signal }, report)
    if (quietMs === 0) return
    // What was younger at the start is looked at once more.
    await wait(2 * quietMs, undefined, { signal, ref: false })
    await sweep({ quietMs, signal }, report)
  }
}

function credentialsFrom({ settings, login }: MirrorConfig): Credentials | undefined {
  const { username, password, passwordfile, exec } = login
  if (exec) {
    const { host, hostname } = new URL(settings.remoteUrl)
    const server = isHub(hostname) ? hubLogin : host
    return credentialsOfHelper({ program: exec.command, server, lifetimeMs: exec.lifetime })
  }
  if (username === undefined) return undefined
  if (passwordfile !== undefined) return credentialsOfFile(username, passwordfile)
  return fixedCredentials({ username, password: password ?? '' })
}

async function trustFrom({ place, login: { ca } }: MirrorConfig) {
  if (ca === undefined) return undefined
  const text = await readFile(ca, 'utf8').catch((cause: Error) => {
    throw new Error(`${place}.ca: ${ca} cannot be read: ${cause.message}`, { cause })
  })
  return { ca: text }
}
