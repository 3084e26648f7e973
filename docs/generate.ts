/**
 * Writes the pages of docs/ that are printed from code. With `--check` it writes nothing and fails
 * when a page is no longer what the code says.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { renderConfiguration } from '../config/document.ts'
import { renderPolicySchema } from '../policies/engine/json-schema.ts'
import { renderErrors } from './errors-page.ts'

const pages: [file: string, render: () => string][] = [
  ['configuration.md', renderConfiguration],
  ['errors.md', renderErrors],
  ['../policies/policy.schema.json', renderPolicySchema],
]

const check = process.argv.includes('--check')
for (const [file, render] of pages) {
  const page = new URL(file, import.meta.url)
  const before = await readFile(page, 'utf8').catch(() => '')
  if (before === render()) continue

  if (!check) await writeFile(page, render())
  if (check) {
    process.stderr.write(`docs/${file} is stale: run node docs/generate.ts\n`)
    process.exitCode = 1
  }
}
