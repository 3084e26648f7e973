/** The downloads of a process: one for each digest of a repository, however many clients ask for it. */
import type { Blobs } from '../../registry/content/blobs.ts'
import type { Leases } from '../../registry/leases/lease.ts'
import type { Digest } from '../../registry/protocol/digest.ts'
import type { Source } from '../source.ts'
import { createDownload, type Download } from './download.ts'
import type { OpenDraft } from './draft.ts'
import { downloadId, type Entries } from './entries.ts'
import type { Sizes } from './sizes.ts'

type Parts = {
  blobs: Blobs
  leases: Leases
  entries: Entries
  sizes: Sizes
  openDraft: OpenDraft
}
type Asked = {
  repository: string
  digest: Digest
  source: Source
  lingerMs: number
}

export type Downloads = ReturnType<typeof createDownloads>

export function createDownloads({ blobs, leases, entries, sizes, openDraft }: Parts) {
  const running = new Map<string, Download>()
  /** Those that are broken may still wait for their lease. */
  const closing = new Set<Promise<void>>()
  const stopping = new AbortController()
  return { follow, close }

  /** `use` has the download that is under way, or a new one; it goes on after `use` has ended. */
  async function follow<T>(asked: Asked, use: (download: Download) => Promise<T>): Promise<T> {
    const download = find(asked)
    download.join()
    try {
      return await use(download)
    } finally {
      download.leave()
    }
  }

  function find({ repository, digest, source, lingerMs }: Asked): Download {
    const id = downloadId(repository, digest)
    const known = running.get(id)
    if (known) return known
    const wanted = { repository, digest, id, size: sizes.find(repository, digest) }
    const isHere = async () => (await blobs.find(repository, digest)) !== undefined
    const { signal } = stopping
    const draft = openDraft(wanted)
    const parts = { wanted, draft, entries, leases, source, isHere, lingerMs, signal }
    const download = createDownload(parts)
    running.set(id, download)
    closing.add(download.running)
    const leave = () => void closing.delete(download.running)
    download.running.then(leave, leave)
    const forget = () => void running.delete(id)
    download.ended.then(forget, forget)
    return download
  }

  /** What has come so far stays for the next download. */
  async function close(): Promise<void> {
    stopping.abort()
    await Promise.allSettled(closing)
  }
}
