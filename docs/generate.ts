/**
 * Writes the pages of docs/ that are printed from code. With `--check` it writes nothing and fails
 * when a page is no longer what the code says.
 */
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { renderConfiguration } from '../config/reference-page.ts'
import { policySchema } from '../policies/engine/schema.ts'
import { renderErrors } from './errors-page.ts'

const pages: [file: string, render: () => string][] = [
  ['configuration.md', renderConfiguration],
  ['errors.md', renderErrors],
  ['../policies/policy.schema.json', () => formatted(policySchema())],
]

const formatter = fileURLToPath(new URL('../node_modules/.bin/biome', import.meta.url))

/** JSON as the formatter wants it, which also checks the file that is written. */
function formatted(value: object): string {
  const input = JSON.stringify(value, undefined, 2)
  const args = ['format', '--stdin-file-path=formatted.json']
  return execFileSync(formatter, args, { input, encoding: 'utf8' })
}

const check = process.argv.includes('--check')
for (const [file, render] of pages) {
  const page = new URL(file, import.meta.url)
  const before = await readFile(page, 'utf8').catch(() => '')
  const text = render()
  if (before === text) continue

  if (!check) await writeFile(page, text)
  if (check) {
    process.stderr.write(`docs/${file} is stale: run node docs/generate.ts\n`)
    process.exitCode = 1
  }
}
