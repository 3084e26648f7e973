/** policies/policy.schema.json: the schema of policy files, for editors that complete and check. */
import { z } from 'zod'
import { policyFileSchema } from './schema.ts'

export function policySchema() {
  const schema = z.toJSONSchema(policyFileSchema, { io: 'input', target: 'draft-7' })
  return { ...schema, title: 'Policies of kura' }
}
