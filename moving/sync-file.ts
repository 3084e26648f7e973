/** The file of `kura sync`: which images go where. */
import { z } from 'zod'
import { DocumentError, faultText } from '../documents/problems.ts'
import { readYaml } from '../documents/yaml.ts'

// Every scalar is a text in such a document.
const yes = z.enum(['true', 'false'], 'it is true or false').transform((text) => text === 'true')
const count = z
  .string()
  .regex(/^[1-9]\d{0,5}$/, 'it is a whole number from 1 on')
  .transform(Number)

const copySchema = z.strictObject({
  from: z.string().min(1),
  to: z.string().min(1),
  repositories: z.array(z.string().min(1)).min(1).optional(),
  tags: z.array(z.string().min(1)).min(1).default(['*']),
  newest: count.optional(),
  platforms: z
    .array(z.string().regex(/^[\w.]+\/[\w.]+(?:\/[\w.]+)?$/, 'it is such as linux/amd64'))
    .default([]),
  referrers: yes.default(true),
  delete: yes.default(false),
})
const fileSchema = z.strictObject({ copies: z.array(copySchema).min(1) })

export type SyncCopy = z.infer<typeof copySchema>

/** Throws with all that is wrong at once. */
export function parseSyncFile(name: string, text: string): SyncCopy[] {
  const { document, faults } = readYaml(text)
  if (faults.length > 0) {
    throw new DocumentError(
      name,
      faults.map((it) => faultText(it, { maySayText: true })),
    )
  }
  const found = fileSchema.safeParse(document.toJS())
  if (found.success) return found.data.copies
  const problems = found.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new DocumentError(name, problems)
}
