/** The problems of a document, in words that the configuration and the policies have in common. */
import type { z } from 'zod'
import type { YamlFault } from './yaml.ts'

/** Everything that keeps documents from being used, told at once, with hints below it. */
export class DocumentError extends Error {
  readonly problems: readonly string[]

  constructor(subject: string, problems: readonly string[], hints: readonly string[] = []) {
    const lines = [...problems, ...hints].map((line) => `\n  ${line}`)
    super(`${subject} cannot be used:${lines.join('')}`)
    this.problems = problems
  }
}

/** A fault of YAML. The text behind the second colon quotes the source, which may hold a secret. */
export function faultText({ message, hint }: YamlFault, { maySayText }: { maySayText: boolean }) {
  const said = maySayText ? message : message.split(': ').slice(0, 2).join(': ')
  return hint === undefined ? said : `${said}; ${hint}`
}

/** The rule that a value breaks. That of a key's name is inside the issue of its map. */
export function ruleOf(issue: z.core.$ZodIssue): string {
  return (issue.code === 'invalid_key' && issue.issues[0]?.message) || issue.message
}
