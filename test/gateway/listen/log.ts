/** A log that keeps its lines, each as `level: message`, and says when there is another. */
export function createLines() {
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const at = (level: string) => (first: unknown, second?: string) => {
    lines.push(`${level}: ${second ?? String(first)}`)
    for (const wake of waiting) wake()
  }

  return {
    lines,
    log: { info: at('info'), warn: at('warn'), error: at('error'), debug: at('debug') } as never,

    /** Resolves with the first line that holds `text`. */
    async next(text: string): Promise<string> {
      for (;;) {
        const found = lines.find((line) => line.includes(text))
        if (found) return found
        const { promise, resolve } = Promise.withResolvers<void>()
        waiting.add(resolve)
        await promise
        waiting.delete(resolve)
      }
    },
  }
}
