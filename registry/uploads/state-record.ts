/** An upload state as it is written down, in files and in Redis alike. */
import { z } from 'zod'
import { algorithms, type Digest, isDigest } from '../spec/digest.ts'
import type { UploadState } from './state.ts'

const digest = z.custom<Digest>((it) => typeof it === 'string' && isDigest(it))

export const stateRecord = z.object({
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
} satisfies Record<keyof UploadState, z.ZodType>)
