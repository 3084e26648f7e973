/** The pages that people read, taken apart: their blocks of code, tables and links. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'

export const project = join(import.meta.dirname, '../..')

/** Those written by hand; others are printed from code and tested as such. */
export const pages = ['README.md', ...globSync('docs/*.md', { cwd: project }).sort()].filter(
  (page) => !/configuration|errors|performance/.test(page),
)

export type Block = { heading: string; language: string; text: string }

export const textOf = (page: string) => readFileSync(join(project, page), 'utf8')

export function blocksOf(page: string): Block[] {
  const pattern = /^#+ (?<heading>.*)$|^```(?<language>\w+)\n(?<text>[\s\S]*?)^```$/gm
  const blocks: Block[] = []
  let under = ''
  for (const { groups } of textOf(page).matchAll(pattern)) {
    const { heading, language, text } = groups ?? {}
    if (heading !== undefined) under = heading
    else if (language && text !== undefined) blocks.push({ heading: under, language, text })
  }
  return blocks
}

/** The block under a heading, the first one unless told which; with other words in places that a test cannot use. */
export function blockOf(
  page: string,
  heading: string,
  { language = 'sh', at = 0, instead = {} }: Choice = {},
): string {
  const found = blocksOf(page).filter((it) => it.heading === heading && it.language === language)
  const text = found[at]?.text
  if (text === undefined) throw new Error(`${page} has no such block under "${heading}"`)
  return replaced(text, instead)
}

type Choice = { language?: string; at?: number; instead?: Record<string, string> }

/** Fails for what is not there: then the page says something else by now. */
function replaced(text: string, instead: Record<string, string>): string {
  let result = text
  for (const [from, to] of Object.entries(instead)) {
    expect(text).toContain(from)
    result = result.replaceAll(from, () => to)
  }
  return result
}

/** The code in the first cell of each row of the table under a heading. */
export function saidUnder(page: string, heading: string): string[] {
  const [, part = ''] = textOf(page).split(`## ${heading}\n`)
  const rows = part.split('\n## ', 1)[0] ?? ''
  return [...rows.matchAll(/^\| `(.*?)` \|/gm)].map(([, said = '']) => said)
}

/** `…` stands for anything within a line. */
export function patternOf(said: string): RegExp {
  const parts = said.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(parts.join('.+'))
}
