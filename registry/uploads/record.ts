/**
 * What is remembered of an upload beside its bytes, so that any process can go on with it, and how
 * that is written down: in files, in Redis and in what clients carry alike.
 */
import { z } from 'zod'
import { type Algorithm, algorithms, type Digest, isDigest } from '../protocol/digest.ts'

export type Upload = { repository: string; id: string }

export type UploadState = {
  /** Who began it; undefined for a stranger. */
  subject: string | undefined
  startedAt: Date
  /** What to hash with beside the canonical algorithm, as the client announced. */
  algorithm: Algorithm
  received: Received | undefined
  /** Files of the state lie beside the bytes, and have to go when the upload ends. */
  hasFiles?: boolean | undefined
}

/** The digests of everything received so far, as far as they are known, and where it lies. */
export type Received = {
  size: number
  /** When the bytes were last written, as storage says: digests are those of bytes of this time alone. */
  changedAt: Date
  digests: Digest[]
  /** The bytes lie under this digest, as those of a blob that no repository may show yet. */
  placed?: Digest | undefined
}

export const nothing: Received = { size: 0, changedAt: new Date(0), digests: [] }

const digest = z.custom<Digest>((it) => typeof it === 'string' && isDigest(it))

export const stateFields = z.object({
  subject: z.string().optional(),
  startedAt: z.coerce.date(),
  algorithm: z.enum(algorithms),
  received: z
    .object({
      size: z.int().nonnegative(),
      changedAt: z.coerce.date(),
      digests: z.array(digest),
      placed: digest.optional(),
    })
    .optional(),
  hasFiles: z.boolean().optional(),
} satisfies Record<keyof UploadState, z.ZodType>)

export const stateRecord = stateFields.transform(
  (it): UploadState => ({ ...it, subject: it.subject, received: it.received }),
)
