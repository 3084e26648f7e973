/** The words for what is wrong with a document: all of it at once, and nothing of what may be a secret. */
import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { DocumentError, faultText, ruleOf } from '../../documents/problems.ts'
import { readYaml } from '../../documents/yaml.ts'

it('an error tells every problem on a line of its own, and hints below them', () => {
  const error = new DocumentError('the policies', ['a.yaml:1:1: is empty', 'b: is a list'], ['c'])
  expect(error.message).toBe(
    'the policies cannot be used:\n  a.yaml:1:1: is empty\n  b: is a list\n  c',
  )
  expect(error.problems).toEqual(['a.yaml:1:1: is empty', 'b: is a list'])
})

describe('a fault of YAML', () => {
  const texts = [
    'a: |hunter2\n b',
    '- a\nhunter2',
    'a: "x" hunter2',
    'a: "\\hunter2"',
    'a: *hunter2',
  ]

  it.each(texts)('quotes nothing of %j where that may be a secret', (text) => {
    const said = readYaml(text).faults.map((it) => faultText(it, { maySayText: false }))
    expect(said.length).toBeGreaterThan(0)
    for (const line of said) {
      expect(line).toMatch(/^this (?:is not valid YAML: |alias has no anchor)/)
      expect(line).not.toContain('hunter')
    }
  })

  it('may quote the text elsewhere', () => {
    const fault = { offset: 0, message: 'this is not valid YAML: Unexpected: hunter2' }
    expect(faultText(fault, { maySayText: true })).toContain('hunter2')
  })

  it('ends with its hint', () => {
    const fault = { offset: 0, message: 'this alias has no anchor', hint: 'use quotes' }
    expect(faultText(fault, { maySayText: false })).toBe('this alias has no anchor; use quotes')
  })
})

it('the rule of a key is that of its name', () => {
  const name = z.string().regex(/^[a-z]+$/, { error: 'must be small letters' })
  const [issue] = z.record(name, z.string()).safeParse({ A: 'x' }).error?.issues ?? []
  expect(issue && ruleOf(issue)).toBe('must be small letters')
  const [other] = z.string({ error: 'must be text' }).safeParse(1).error?.issues ?? []
  expect(other && ruleOf(other)).toBe('must be text')
})
