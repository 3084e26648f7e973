/**
 * What crashes have left of downloads goes: drafts that no process leads or follows, and their entries. Until
 * then they are in nobody's way: a new download goes on from them.
 */
import type { Leases } from '../../registry/leases/lease.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { OpenDraft } from './draft.ts'
import { downloadLease, type Entries, type Entry } from './entries.ts'

type Parts = { entries: Entries; leases: Leases; openDraft: OpenDraft }

type Sweeping = { quietMs: number; report: (left: { repository: string; digest: string }) => void }

/** `quietMs`: a download that got bytes later may have followers that are about to take it over. */
export function createSweep({ entries, leases, openDraft }: Parts) {
  /** Calls `report` with each repository and digest of which something went. */
  return async (
    { quietMs, signal }: { quietMs: number; signal: AbortSignal },
    report: (left: { repository: string; digest: string }) => void,
  ): Promise<void> => {
    for await (const id of entries.list()) {
      if (signal.aborted) return
      if (await isQuiet(id, quietMs)) await unlessBusy(() => sweep(id, { quietMs, report }))
    }
  }

  async function isQuiet(id: string, quietMs: number): Promise<boolean> {
    const [entry, changedAt] = await Promise.all([entries.find(id), entries.changedAt(id)])
    const grownAt = entry && (await draftOf(id, entry).changedAt(entry.generation))
    const times = [changedAt, grownAt].map((it) => it?.getTime() ?? Number.NEGATIVE_INFINITY)
    return changedAt !== undefined && Date.now() - Math.max(...times) >= quietMs
  }

  function draftOf(id: string, { repository, digest }: Entry) {
    return openDraft({ repository, digest, id })
  }

  function sweep(id: string, { quietMs, report }: Sweeping) {
    return leases.hold(downloadLease(id), 'unavailable', async () => {
      // Whoever had the lease until now may have gone on with it.
      if (!(await isQuiet(id, quietMs))) return
      const entry = await entries.find(id)
      const isLeft = entry && (await draftOf(id, entry).changedAt(entry.generation))
      if (entry) await draftOf(id, entry).drop()
      await entries.remove(id)
      if (entry && isLeft) report({ repository: entry.repository, digest: entry.digest })
    })
  }
}

/** Somebody downloads it just now. */
async function unlessBusy(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
  }
}
