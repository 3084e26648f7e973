/** Writes a duration as Go does, `2.96ms`, because that is what readers of these logs parse. */
export function goDuration(ms: number): string {
  if (ms < 1) return `${truncated(ms * 1000)}µs`
  if (ms < 1000) return `${truncated(ms)}ms`
  const minutes = Math.floor(ms / 60_000)
  const seconds = `${truncated((ms % 60_000) / 1000)}s`
  if (minutes === 0) return seconds
  if (minutes < 60) return `${minutes}m${seconds}`
  return `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`
}

/** Three digits of fraction, never rounded up into the next unit. */
function truncated(value: number): number {
  return Math.floor(value * 1000) / 1000
}
