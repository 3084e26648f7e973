/** Text in a line that is there to be pasted: a shell reads it back as it was. */

export function quoted(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
