/**
 * The policies of a folder, read again when their content changes. What cannot be used is told once
 * and changes nothing: the last good policies stay in force until better ones are there.
 */
import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Policy } from '../../policies/engine/decision.ts'
import type { Source } from '../../policies/engine/document.ts'
import { buildPolicy, type Loaded, readPolicyFolder } from '../../policies/engine/load.ts'
import { PolicyError } from '../../policies/engine/problems.ts'

type Options = {
  folder: string
  log: Logger
  /** Milliseconds between two looks at the folder. */
  interval?: number
}

/** What a look at the folder showed; `digest` tells one content, or one failure, from another. */
type Look = { digest: string; sources?: Source[]; error?: unknown }

const mostLooks = 5

/** Throws a PolicyError when there are no policies to begin with. */
export async function watchPolicies({ folder, log, interval = 2000 }: Options) {
  let { seen, loaded } = await start(folder)
  let running: Promise<void> | undefined
  log.info({ folder, ...loaded.counts }, 'policies are in force')

  const timer = setInterval(() => void check(), interval).unref()
  return { policy: (): Policy => loaded.policy, reload, close }

  /** Resolves when what the folder held at the time of the call is in force, or was refused. */
  async function reload(): Promise<void> {
    // A check that runs already may have read the files before they were changed.
    await running
    await check()
  }

  async function close(): Promise<void> {
    clearInterval(timer)
    await running
  }

  function check(): Promise<void> {
    running ??= lookAgain().finally(() => {
      running = undefined
    })
    return running
  }

  async function lookAgain(): Promise<void> {
    const look = await lookAtRest(folder, seen)
    if (!look || look.digest === seen) return

    seen = look.digest
    try {
      loaded = load(look)
      log.info({ folder, ...loaded.counts }, 'changed policies are in force')
    } catch (cause) {
      const told = cause instanceof PolicyError ? { problems: cause.problems } : { err: cause }
      log.error({ folder, ...told }, 'changed policies cannot be used; the last good ones stay')
    }
  }
}

async function start(folder: string) {
  const look = await lookAt(folder)
  return { seen: look.digest, loaded: load(look) }
}

function load({ sources, error }: Look): Loaded {
  if (sources) return buildPolicy(sources)
  throw error
}

/**
 * The folder as two looks in a row agree on it: files are replaced one after the other, and half of
 * an edit is not taken for the whole. Undefined when it does not come to rest.
 */
async function lookAtRest(folder: string, seen: string): Promise<Look | undefined> {
  let before = await lookAt(folder)
  for (let count = 1; count < mostLooks; count += 1) {
    if (before.digest === seen) return before
    const look = await lookAt(folder)
    if (look.digest === before.digest) return look
    before = look
  }
  return undefined
}

/** Content is compared, not times: a mounted folder may change by one link that points elsewhere. */
async function lookAt(folder: string): Promise<Look> {
  try {
    const sources = await readPolicyFolder(folder)
    return { digest: digestOf(sources), sources }
  } catch (error) {
    const told = error instanceof PolicyError ? error.problems : [String(error)]
    return { digest: digestOf(told), error }
  }
}

const digestOf = (value: unknown) =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex')
