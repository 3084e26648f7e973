/**
 * The keys of Redis that it could not be told about, because it was away just then: they are remembered,
 * and told as soon as it is back.
 */

/** More are forgotten, and then Redis goes on saying what it said before. */
const mostRemembered = 10_000

export function createUntold(tell: (key: string) => Promise<void>) {
  const keys = new Set<string>()
  let isTelling = false

  return {
    has: (key: string) => keys.has(key),
    forget: (key: string) => void keys.delete(key),
    remember(key: string): void {
      if (keys.size < mostRemembered) keys.add(key)
    },

    /** To be called now and then. Nobody waits for it. */
    async tell(): Promise<void> {
      if (isTelling || keys.size === 0) return
      isTelling = true
      try {
        for (const key of keys) {
          await tell(key)
          keys.delete(key)
        }
      } catch {
        // It is away again; the next time will do.
      } finally {
        isTelling = false
      }
    },
  }
}
