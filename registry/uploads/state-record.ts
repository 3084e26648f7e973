/** An upload state as it is written down: in files, in Redis and in what clients carry alike. */
import { z } from 'zod'
import { algorithms, type Digest, isDigest } from '../protocol/digest.ts'
import type { UploadState } from './state.ts'

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
  filed: z.boolean().optional(),
} satisfies Record<keyof UploadState, z.ZodType>)

export const stateRecord = stateFields.transform(
  (it): UploadState => ({ ...it, subject: it.subject, received: it.received }),
)
