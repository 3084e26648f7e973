/**
 * The work of the one process that downloads a blob: from where the draft ends to the blob. A connection that
 * breaks is followed by another one as long as each brings bytes.
 */
import { randomUUID } from 'node:crypto'
import { RegistryError } from '../../registry/protocol/errors.ts'
import { UpstreamError } from '../../upstream/error.ts'
import type { Source } from '../source.ts'
import type { Draft, Wanted } from './draft.ts'
import type { Entries, Entry } from './entries.ts'

/** How often the upstream may break off without a byte. */
const mostStalls = 2
/** An answer without an end must not fill the disk for ever: 128 GiB, more than any layer that is known. */
const mostBytes = 128 * 1024 ** 3
/** Generations of wrong bytes that are remembered. */
const mostWrong = 8

type Leading = {
  wanted: Wanted
  draft: Draft
  entries: Entries
  source: Source
  /** Hears of each entry before any byte of it can be read. Throws to end the download. */
  onEntry: (entry: Entry) => void
  signal: AbortSignal
}

/** Throws `blobUnknown` where the upstream does not have it, and `UpstreamError`. */
export async function lead(leading: Leading): Promise<void> {
  const { wanted, draft, entries } = leading
  const entry = await fetchRest(leading)
  try {
    await draft.publish()
  } catch (error) {
    if (!(error instanceof RegistryError && error.reason === 'digestMismatch')) throw error
    await discard(leading, entry)
    const { name } = leading.source.upstream
    throw new UpstreamError('content', name, `it sent other bytes for ${wanted.digest}`, {
      cause: error,
    })
  }
  // A follower of a wrong generation looks here in the end.
  if (!entry.wrong) await entries.remove(wanted.id)
}

/** The entry tells first, so that no follower takes what comes next for the same bytes. */
async function discard({ entries, wanted, draft }: Leading, entry: Entry): Promise<void> {
  const wrong = [...(entry.wrong ?? []), entry.generation].slice(-mostWrong)
  await entries.write(wanted.id, { ...entry, wrong })
  await draft.drop()
}

async function fetchRest(leading: Leading): Promise<Entry> {
  const { draft, signal } = leading
  let { at, entry } = await beginning(leading)
  if (at > 0) await tell(leading, entry)
  for (let stalls = 0; at === 0 || at !== entry.size; ) {
    const { size, error } = await fetchOnce(leading, { at, entry })
    entry = { ...entry, ...(size !== undefined && { size }) }
    if (error === undefined) return entry
    const now = await draft.size()
    stalls = now > at ? 0 : stalls + 1
    at = now
    if (!canGoOn(error) || stalls > mostStalls || signal.aborted) throw error
  }
  return entry
}

/** `error` is what the bytes broke off with. */
async function fetchOnce(leading: Leading, { at, entry }: { at: number; entry: Entry }) {
  let size: number | undefined
  try {
    const found = await open(leading, at)
    size = found.size
    try {
      await tell(leading, { ...entry, ...(size !== undefined && { size }) })
      await leading.draft.add(found.body, { at, signal: leading.signal })
    } finally {
      found.body.on('error', () => {}).destroy()
    }
    return { size }
  } catch (error) {
    return { size, error }
  }
}

/** A draft without its entry may be of any bytes, so it is not gone on with. */
async function beginning({ wanted, draft, entries }: Leading) {
  const { id, repository, digest } = wanted
  const [size, known] = await Promise.all([draft.size(), entries.find(id)])
  const isWrong = known?.wrong?.includes(known.generation)
  if (known && size > 0 && !isWrong) return { at: size, entry: known }
  if (size > 0) await draft.drop()
  const wrong = known?.wrong && { wrong: known.wrong }
  const entry: Entry = { repository, digest, generation: randomUUID(), ...wrong }
  return { at: 0, entry }
}

async function tell({ entries, wanted, onEntry }: Leading, entry: Entry): Promise<void> {
  onEntry(entry)
  await entries.write(wanted.id, entry)
}

async function open({ source, wanted, signal }: Leading, at: number) {
  const { upstream, remote, via } = source
  const call = { offset: at, mostBytes, signal, via }
  const found = await upstream.blobs.open(remote, wanted.digest, call)
  if (!found) throw new RegistryError('blobUnknown', { detail: wanted.digest })
  return found
}

/** What broke is the connection, and not the disk here. */
const canGoOn = (error: unknown) =>
  error instanceof UpstreamError && (error.kind === 'cut' || error.kind === 'timeout')
