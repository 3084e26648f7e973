/** The warnings of `kura config`, in the lines above the configuration itself. */

/** True of many a configuration that is meant so; the start says it all the same. */
const meant = [
  /is open: everyone who reaches it may do everything/,
  /storage\.s3 without redis/,
  /kura\.policies is set and nobody can sign in/,
]

/** The lines that say more than how open, or how alone, a configuration is meant to be. */
export function unexpectedWarnings(printed: string): string[] {
  const lines = printed.split('\n').filter((line) => line.startsWith('#'))
  return lines.filter((line) => !meant.some((it) => it.test(line)))
}
