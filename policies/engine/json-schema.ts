/** policies/policy.schema.json: the schema of policy files, for editors that complete and check. */
import { z } from 'zod'
import { policyFileSchema } from './schema.ts'

const width = 100

export function renderPolicySchema(): string {
  const schema = z.toJSONSchema(policyFileSchema, { io: 'input', target: 'draft-7' })
  return `${written({ ...schema, title: 'Policies of kura' }, '')}\n`
}

/** As our formatter writes JSON: lists that fit on a line stay on it. */
function written(value: unknown, indent: string, before = 0): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)

  const inner = `${indent}  `
  if (Array.isArray(value)) {
    const items = value.map((item) => written(item, inner))
    const line = `[${items.join(', ')}]`
    const fits = indent.length + before + line.length < width && !line.includes('\n')
    return fits ? line : `[\n${items.map((it) => inner + it).join(',\n')}\n${indent}]`
  }
  const pairs = Object.entries(value).map(([key, child]) => {
    const name = `${JSON.stringify(key)}: `
    return `${inner}${name}${written(child, inner, name.length)}`
  })
  return pairs.length === 0 ? '{}' : `{\n${pairs.join(',\n')}\n${indent}}`
}
