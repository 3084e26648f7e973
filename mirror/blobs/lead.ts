/**
 * The work of the one process that downloads a blob: from where the draft ends to the blob. A connection that
 * breaks is followed by another one as long as each brings bytes.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { isFull } from '../../files/full.ts'
import type { Lease } from '../../registry/leases/lease.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import { UpstreamError } from '../../upstream/error.ts'
import type { Source } from '../source.ts'
import type { Draft, Wanted } from './draft.ts'
import type { Entries, Entry } from './entries.ts'

/** How often the upstream may break off without a byte. */
const mostStalls = 2
const gibibyte = 1024 ** 3
/** More than any layer that is known. */
const mostBytes = 128 * gibibyte
/** Where neither the upstream nor a manifest says how long it is: an answer without an end must not fill the disk. */
const mostUnsized = 16 * gibibyte
/** Milliseconds for which followers can see which draft became the blob; it takes them one look. */
const entryStays = 60_000

type Leading = {
  wanted: Wanted
  draft: Draft
  entries: Entries
  source: Source
  /** That of the download, which this process holds. */
  lease: Lease
  /** Hears of each entry before any byte of it can be read. Throws to end the download. */
  onEntry: (entry: Entry) => void
  signal: AbortSignal
}

/** Throws `blobUnknown` where the upstream does not have it, and `UpstreamError`. */
export async function lead(leading: Leading): Promise<void> {
  const { wanted, draft, entries } = leading
  const entry = await fetchRest(leading)
  try {
    await draft.publish(entry.generation)
  } catch (error) {
    if (!(error instanceof RegistryError && error.reason === 'digestMismatch')) throw error
    await discard(leading)
    const { name } = leading.source.upstream
    throw new UpstreamError('content', name, `it sent other bytes for ${wanted.digest}`, {
      cause: error,
    })
  }
  // Where the process ends sooner, the next sweep removes it.
  wait(entryStays, undefined, { ref: false, signal: leading.signal })
    .then(() => entries.removeGeneration(wanted.id, entry.generation))
    .catch(() => {})
}

/** Without the entry, all who sent bytes of the draft break off. A crash in between leaves what is swept. */
async function discard({ entries, wanted, draft }: Leading): Promise<void> {
  await draft.drop()
  await entries.remove(wanted.id)
}

async function fetchRest(leading: Leading): Promise<Entry> {
  let { at, entry } = await beginning(leading)
  if (at > 0) await tell(leading, entry)
  else leading.onEntry(entry)
  for (let stalls = 0; at === 0 || at !== entry.size; ) {
    const { size, error } = await fetchOnce(leading, { at, entry })
    entry = { ...entry, ...(size !== undefined && { size }) }
    if (error === undefined) return entry
    const now = await endAfter(error, { leading, at, generation: entry.generation })
    stalls = now > at ? 0 : stalls + 1
    if (stalls > mostStalls) throw error
    at = now
  }
  return entry
}

type Broken = { leading: Leading; at: number; generation: string }

/** Where the draft ends by now; throws `error` where the download cannot go on from there. */
async function endAfter(error: unknown, { leading, at, generation }: Broken): Promise<number> {
  const { draft, signal } = leading
  if (isSpoilt(error)) await discard(leading)
  if (!canGoOn(error) || signal.aborted) throw error
  const now = await draft.size(generation)
  if (now < at) throw error
  return now
}

/** `error` is what the bytes broke off with. */
async function fetchOnce(leading: Leading, { at, entry }: { at: number; entry: Entry }) {
  const { generation } = entry
  let size: number | undefined
  try {
    const found = await open(leading, { at, size: entry.size })
    size = found.size
    try {
      await tell(leading, { ...entry, ...(size !== undefined && { size }) })
      const { signal, lease } = leading
      await leading.draft.add(found.body, { ...{ at, size, lease, signal }, generation })
    } finally {
      found.body.on('error', () => {}).destroy()
    }
    return { size }
  } catch (error) {
    return { size, error }
  }
}

/** A draft without its entry may be of any bytes, so it is not gone on with. */
async function beginning(leading: Leading) {
  const { id, repository, digest } = leading.wanted
  const known = await leading.entries.find(id)
  const generation = randomUUID()
  const size = await leading.draft.size(known?.generation ?? generation)
  if (known && size > 0 && size <= (known.size ?? size)) return { at: size, entry: known }
  if (known || size > 0) await discard(leading)
  const entry: Entry = { repository, digest, generation }
  return { at: 0, entry }
}

async function tell({ entries, wanted, onEntry }: Leading, entry: Entry): Promise<void> {
  onEntry(entry)
  await entries.write(wanted.id, entry)
}

/** `size`: what clients may have been told. Another one is an error, as is another one than a manifest says. */
async function open(
  { source, wanted, signal }: Leading,
  { at, size }: { at: number; size: number | undefined },
) {
  const { upstream, remote, via } = source
  const call = { offset: at, size: size ?? wanted.size, mostBytes, mostUnsized, signal, via }
  const found = await upstream.blobs.open(remote, wanted.digest, call)
  if (!found) throw new RegistryError('blobUnknown', { detail: wanted.digest })
  return found
}

/**
 * The draft cannot become the blob of which clients got bytes: the upstream tells another size for it by now, or
 * the disk was full and has kept none of the bytes that came last.
 */
const isSpoilt = (error: unknown) =>
  isFull(error) ||
  (error instanceof RegistryError && error.reason === 'storageFull') ||
  (error instanceof UpstreamError && error.kind === 'content')

/** What broke is the connection, and not the disk here. */
const canGoOn = (error: unknown) =>
  error instanceof UpstreamError && (error.kind === 'cut' || error.kind === 'timeout')
