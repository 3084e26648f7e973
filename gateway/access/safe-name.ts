/**
 * A name as it may stand in a log: people type passwords and tokens where the name belongs, and what a
 * stranger sends has any length. The log's own formats see to quotes and control characters.
 */
const longest = 64

/** Tokens of kura's robots, JSON web tokens, and those of the usual services. */
const token = /^(?:kura_|eyJ[\w-]+\.|gh[a-z]_|github_pat_|glpat-|dckr_pat_)/

export const isToken = (text: string): boolean => token.test(text)

export function safeName(name: string): string {
  if (isToken(name)) return '(a token)'
  if (name.length <= longest) return name.toWellFormed()
  return `${name.slice(0, longest).toWellFormed()}… (${name.length} characters)`
}
