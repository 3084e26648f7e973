/** One blob from one place to another: not sent where it is there, gone on with where a download breaks. */
import type { Digest } from '../registry/protocol/digest.ts'
import { waitAfter, withPatience } from './patience.ts'
import type { Call, Descriptor, Destination, Source } from './places/place.ts'
import type { Rate, Slots } from './slots.ts'

export type Progress = {
  /** A blob that is to be sent, then its bytes as they pass, and its end. */
  begin: (blob: Descriptor) => void
  bytes: (count: number) => void
  end: (blob: Descriptor, was: 'sent' | 'there') => void
  manifest: (digest: string) => void
}

export type Transfer = {
  source: Source
  destination: Destination
  within: Slots
  rate: Rate | undefined
  progress: Progress
  say: (line: string) => void
  firstWaitMs?: number
  /** Blobs that are on their way or there, for images that are copied at the same time. */
  copies: Map<Digest, Promise<void>>
  call: Call
}

/** What failed is tried again for the next image that wants it. */
export function shareCopy(transfer: Transfer, blob: Descriptor): Promise<void> {
  const { copies } = transfer
  const copied = copies.get(blob.digest) ?? copyBlob(transfer, blob)
  copies.set(blob.digest, copied)
  copied.catch(() => copies.delete(blob.digest))
  return copied
}

function copyBlob(transfer: Transfer, blob: Descriptor): Promise<void> {
  const { destination, within, progress, call } = transfer
  return within(async () => {
    call.signal?.throwIfAborted()
    if (await withPatience(() => destination.hasBlob(blob, call), transfer)) {
      return progress.end(blob, 'there')
    }
    progress.begin(blob)
    const open = (offset: number) => bytesOf(transfer, blob, offset)
    await withPatience(() => destination.putBlob(blob, open, call), transfer)
    progress.end(blob, 'sent')
  })
}

/** Only tries that bring nothing are counted. */
async function* bytesOf(transfer: Transfer, blob: Descriptor, from: number) {
  const { source, rate, progress, call } = transfer
  let [offset, tries] = [from, 0]
  while (offset < blob.size) {
    try {
      for await (const chunk of await source.blob(blob, { ...call, offset })) {
        await rate?.(chunk.length, call.signal)
        offset += chunk.length
        tries = 0
        progress.bytes(chunk.length)
        yield chunk as Uint8Array
      }
      if (offset < blob.size)
        throw new Error(`${source.name} has only ${offset} bytes of ${blob.digest}`)
    } catch (error) {
      await waitAfter(error, ++tries, transfer)
    }
  }
}
