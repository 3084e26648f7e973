import { readFile } from 'node:fs/promises'
import { describe, expect, it } from '@jest/globals'
import { renderConfiguration } from '../../config/reference-page.ts'
import { schema } from '../../config/schema.ts'
import { settingsOf } from '../../config/shape.ts'

describe('docs/configuration.md', () => {
  it('is what the schema says; otherwise run node docs/generate.ts', async () => {
    const page = new URL('../../docs/configuration.md', import.meta.url)
    expect(await readFile(page, 'utf8')).toBe(renderConfiguration())
  })

  it('has a meaning in every row', () => {
    const rows = renderConfiguration().match(/^\| `.*$/gm) ?? []
    expect(rows.filter((row) => /\|\s*\|$/.test(row))).toEqual([])
    expect(rows.length).toBeGreaterThan(200)
  })

  it('names every setting', () => {
    const page = renderConfiguration()
    const leaves = [...settingsOf(schema)].filter(({ shape }) => shape.kind === 'list')
    for (const { path } of leaves) expect(page).toContain(`\`${path.join('.')}\``)
  })
})
