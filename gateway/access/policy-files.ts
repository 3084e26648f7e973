/**
 * The policies of a folder, read again when their content changes. Files that cannot be used are
 * reported once and change nothing: the last good policies stay in force until better ones are there.
 */
import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import { editMs, watch } from '../../files/watch.ts'
import type { Policy } from '../../policies/engine/decision.ts'
import { buildPolicy, type Loaded, readPolicyFolder } from '../../policies/engine/load.ts'
import { PolicyError } from '../../policies/engine/problems.ts'

type Options = {
  folder: string
  log: Logger
  /** Milliseconds between two looks at the folder, and between two that show whether it has come to rest. */
  interval?: number
  settleMs?: number
}

/** Throws a PolicyError when there are no policies to begin with. */
export async function watchPolicies(options: Options) {
  const { folder, log, interval = 2000, settleMs = editMs } = options
  const policies = watch<Loaded>({
    look,
    settleMs,
    onChange: tell,
    onRecovery: tell,
    report(cause) {
      const told = cause instanceof PolicyError ? { problems: cause.problems } : { err: cause }
      log.error({ folder, ...told }, 'changed policies cannot be used; the last good ones stay')
    },
  })
  let { policy, counts } = await policies.check()
  log.info({ folder, ...counts }, 'policies are in force')
  policies.poll(interval)
  return { policy: (): Policy => policy, reload, close: policies.close }

  /** Resolves when what the folder held at the time of the call is in force, or was refused. */
  async function reload(): Promise<void> {
    // A check that runs already may have read the files before they were changed.
    await policies.check()
    await policies.check()
  }

  function tell(loaded: Loaded): void {
    ;({ policy, counts } = loaded)
    log.info({ folder, ...counts }, 'changed policies are in force')
  }

  /** Content is compared, not times: a mounted folder may change by one link that points elsewhere. */
  async function look() {
    const sources = await readPolicyFolder(folder)
    return { mark: digestOf(sources), make: () => buildPolicy(sources) }
  }
}

const digestOf = (value: unknown) =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex')
