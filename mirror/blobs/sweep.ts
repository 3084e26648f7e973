/**
 * What crashes have left of downloads goes: drafts that no process leads or follows, and their entries. Until
 * then they are in nobody's way: a new download goes on from them.
 */
import type { Leases } from '../../registry/leases/lease.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { OpenDraft } from './draft.ts'
import { downloadLease, type Entries } from './entries.ts'

type Parts = { entries: Entries; leases: Leases; openDraft: OpenDraft }

/** `quietMs`: a download that was written down later may have followers that are about to take it over. */
export function createSweep({ entries, leases, openDraft }: Parts) {
  /** Calls `report` with each repository and digest of which something went. */
  return async (
    { quietMs, signal }: { quietMs: number; signal: AbortSignal },
    report: (left: { repository: string; digest: string }) => void,
  ): Promise<void> => {
    for await (const id of entries.list()) {
      if (signal.aborted) return
      if (await isQuiet(id, quietMs)) await unlessBusy(() => sweep(id, report))
    }
  }

  async function isQuiet(id: string, quietMs: number): Promise<boolean> {
    const changedAt = await entries.changedAt(id)
    return changedAt !== undefined && Date.now() - changedAt.getTime() >= quietMs
  }

  function sweep(id: string, report: (left: { repository: string; digest: string }) => void) {
    return leases.hold(downloadLease(id), 'unavailable', async () => {
      const entry = await entries.find(id)
      if (entry) {
        const { repository, digest } = entry
        await openDraft({ repository, digest, id }).drop()
        report({ repository, digest })
      }
      await entries.remove(id)
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
