/**
 * The state of an upload beside its bytes, with which any process can go on with it, and the form in which
 * it is written down: the same in files, in Redis and in the text that clients carry.
 */
import { z } from 'zod'
import { type Algorithm, algorithms, type Digest, isDigest } from '../protocol/digest.ts'

export type Upload = { repository: string; id: string }

export type UploadState = {
  /** The user who began it; undefined for a stranger. */
  subject: string | undefined
  startedAt: Date
  /** The algorithm that the client announced; bytes are hashed with it and with the canonical one. */
  algorithm: Algorithm
  received: Received | undefined
  /** Files of the state lie beside the bytes, and have to go when the upload ends. */
  hasFiles?: boolean | undefined
}

/**
 * The bytes received so far: their size, those of their digests that are known, and the blob under which they lie
 * (`placed`) if they do not lie in the draft.
 */
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
