import { globSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { buildPolicy, checkSources, readPolicyFolder } from '../../../policies/engine/load.ts'
import { policySchema } from '../../../policies/engine/schema.ts'
import { useCleanup } from '../../support/cleanup.ts'

const policies = join(import.meta.dirname, '../../../policies')
const cleanup = useCleanup()

describe('a folder of policies', () => {
  it('is read by name, without what is hidden or something else', async () => {
    const folder = await cleanup.folder()
    await mkdir(join(folder, '..2026_data'))
    for (const name of ['b.yml', 'a.yaml', '.c.yaml', 'README.md', 'd.yaml~']) {
      await writeFile(join(folder, name), name)
    }
    expect(await readPolicyFolder(folder)).toEqual([
      { file: join(folder, 'a.yaml'), text: 'a.yaml' },
      { file: join(folder, 'b.yml'), text: 'b.yml' },
    ])
  })

  it('is refused when nothing can be read in it', async () => {
    const folder = await cleanup.folder()
    await expect(readPolicyFolder(folder)).rejects.toThrow(
      `the policies cannot be used:\n  ${folder}: there is no *.yaml in this folder`,
    )
    await expect(readPolicyFolder(join(folder, 'x'))).rejects.toThrow('there is no such folder')
    await mkdir(join(folder, 'a.yaml'))
    await expect(readPolicyFolder(folder)).rejects.toThrow('a.yaml: this is a folder, not a file')
    await writeFile(join(folder, 'file'), '')
    await expect(readPolicyFolder(join(folder, 'file'))).rejects.toThrow('this is a file')
  })
})

describe('the examples', () => {
  const examples = globSync('*.yaml', { cwd: join(policies, 'examples') })

  it('are there', () => {
    expect(examples.length).toBeGreaterThanOrEqual(4)
  })

  it.each(examples)('%s is valid and passes its tests', async (name) => {
    const text = await readFile(join(policies, 'examples', name), 'utf8')
    expect(buildPolicy([{ file: name, text }]).counts.tests).toBeGreaterThan(4)
  })

  it.each(examples)('every rule of %s is held by a test', async (name) => {
    const text = await readFile(join(policies, 'examples', name), 'utf8')
    const starts = [...text.matchAll(/^ {2}- name: .*\n/gm)].map(({ index }) => index)
    for (const [at, start] of starts.entries()) {
      const end = starts[at + 1] ?? text.indexOf('tests:')
      const without = text.slice(0, start) + text.slice(end)
      expect(checkSources([{ file: name, text: without }]).failures).not.toEqual([])
    }
  })
})

it('the schema for editors is what the code says', async () => {
  const file = join(policies, 'policy.schema.json')
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(policySchema())
})

it('the page for administrators shows a policy that can be used', async () => {
  const page = await readFile(join(policies, '../docs/policies.md'), 'utf8')
  const [block = ''] = /(?:^(?: {4}.*)?\n)+/m.exec(page.slice(page.indexOf('    groups:'))) ?? []
  const { counts } = buildPolicy([{ file: 'policies.md', text: block.replace(/^ {4}/gm, '') }])
  expect(counts).toEqual({ files: 1, groups: 1, rules: 4, tests: 1 })
})
