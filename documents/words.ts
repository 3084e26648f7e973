/** Lists of words in a sentence. `Intl.ListFormat` writes the same, and takes 10 ms to start with. */

/** `a`, `a or b`, `a, b, or c`. */
export const either = (words: readonly string[]): string => listed(words, 'or')

/** `a`, `a and b`, `a, b, and c`. */
export const every = (words: readonly string[]): string => listed(words, 'and')

function listed(words: readonly string[], conjunction: 'or' | 'and'): string {
  if (words.length < 3) return words.join(` ${conjunction} `)
  return `${words.slice(0, -1).join(', ')}, ${conjunction} ${words.at(-1)}`
}
