/**
 * The one download of a blob in this process, for any number of clients. It leads, where it gets the lease;
 * otherwise it follows the process that has it, and takes over when that one ends without the blob.
 */
import type { Leases } from '../../registry/leases/lease.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import { UpstreamError } from '../../upstream/error.ts'
import type { Source } from '../source.ts'
import type { Draft, Wanted } from './draft.ts'
import { downloadLease, type Entries } from './entries.ts'
import { lead } from './lead.ts'
import { createWatch, type Progress } from './watch.ts'

/** A lease that is refused sooner, in milliseconds, is refused for another reason than its holder. */
const shortestPatience = 1_000

export type Download = ReturnType<typeof createDownload>

type Parts = {
  wanted: Wanted
  draft: Draft
  entries: Entries
  leases: Leases
  source: Source
  /** Whether the blob is here. */
  isHere: () => Promise<boolean>
  /** Milliseconds that it goes on without clients. */
  lingerMs: number
  /** Aborts when the process stops. */
  signal: AbortSignal
}

export function createDownload(parts: Parts) {
  const { wanted, draft, entries, lingerMs } = parts
  const breaking = new AbortController()
  const signal = AbortSignal.any([parts.signal, breaking.signal])
  const broken = (text: string) => new UpstreamError('cut', parts.source.upstream.name, text)
  const clients = createClients(lingerMs, () => {
    breaking.abort(broken('nobody waited for it any more'))
  })
  const watch = createWatch({
    ...{ wanted, draft, entries, hasClients: clients.areThere },
    otherBytes: () => broken('the download that this one followed brought other bytes'),
  })
  const { join, leave } = clients
  const running = run()
  // Clients hear at once that it is broken; it may still be waiting for the lease.
  const ended = Promise.race([running, rejection(signal)])
  for (const it of [running, ended]) it.catch(() => {})

  return {
    ended,
    /** Settles once nothing of it is under way any more. */
    running,
    read: watch.read,
    join,
    leave,
    progress: (isEnough: (now: Progress) => boolean, asking: AbortSignal) =>
      watch.progress(isEnough, { ended, asking }),
  }

  async function run(): Promise<void> {
    watch.look().catch((error) => breaking.abort(error))
    try {
      while (!(await leadOnce({ ...parts, signal, onEntry: watch.learn }))) signal.throwIfAborted()
      signal.throwIfAborted()
      await watch.refuseOthers()
    } catch (error) {
      throw breaking.signal.aborted ? breaking.signal.reason : error
    } finally {
      clients.forget()
      watch.end()
    }
  }
}

type Leading = Parts & Pick<Parameters<typeof lead>[0], 'onEntry'>

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** Whether the blob is there by now. False where another process has the lease, and has had it for long. */
async function leadOnce(leading: Leading): Promise<boolean> {
  const { leases, wanted, isHere, signal } = leading
  const begun = Date.now()
  let isLeading = false
  try {
    await leases.hold(downloadLease(wanted.id), 'unavailable', async (lease) => {
      isLeading = true
      signal.throwIfAborted()
      if (!(await isHere())) await lead({ ...leading, lease })
    })
    return true
  } catch (error) {
    const isBusy = error instanceof RegistryError && error.reason === 'unavailable'
    if (isLeading || !isBusy || Date.now() - begun < shortestPatience) throw error
    return isHere()
  }
}

/** Counts who waits, and tells some time after the last one has left. */
function createClients(lingerMs: number, onNobody: () => void) {
  let count = 0
  let timer: NodeJS.Timeout | undefined
  return {
    areThere: () => count > 0,
    join(): void {
      count += 1
      clearTimeout(timer)
    },
    leave(): void {
      count -= 1
      if (count === 0) timer = setTimeout(onNobody, lingerMs).unref()
    },
    forget: () => clearTimeout(timer),
  }
}
