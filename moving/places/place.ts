/** Where images come from and where they go: a repository of a registry, or an OCI layout. */
import type { Readable } from 'node:stream'
import type { Digest } from '../../registry/protocol/digest.ts'

export type Call = { signal?: AbortSignal | undefined }
export type Descriptor = { mediaType: string; digest: Digest; size: number }
export type Document = { digest: Digest; mediaType: string; bytes: Buffer }

export interface Source {
  /** For messages. */
  readonly name: string
  /** A tag or a digest; undefined where there is none. */
  manifest(reference: string, call: Call): Promise<Document | undefined>
  /** From `offset` on. What the bytes hash to is checked at the destination. */
  blob(blob: Descriptor, call: Call & { offset: number }): Promise<Readable>
  referrers(digest: Digest, call: Call): Promise<Descriptor[]>
  tags(call: Call): Promise<string[]>
  close(): Promise<void>
}

export interface Destination {
  readonly name: string
  hasBlob(blob: Descriptor, call: Call): Promise<boolean>
  /** The digest that a tag or a digest has here. */
  findManifest(reference: string, call: Call): Promise<Digest | undefined>
  /** The bytes count only if they have the digest. */
  putBlob(
    blob: Descriptor,
    open: (offset: number) => AsyncIterable<Uint8Array>,
    call: Call,
  ): Promise<void>
  /** All it names is there already. Under a tag as well where one is given. */
  putManifest(
    document: Document,
    call: Call & { tag?: string | undefined; subject?: Digest | undefined },
  ): Promise<void>
  /** Where tags can be listed and removed, in a registry. */
  tags?(call: Call): Promise<string[]>
  removeTag?(tag: string, call: Call): Promise<void>
  /** After all was put and seen; where it is missing, nothing is left to do. */
  finish?(call: Call): Promise<void>
  close(): Promise<void>
}
