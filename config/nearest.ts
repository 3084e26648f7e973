/** The name that was probably meant: typing errors are few, so far-off names are not offered. */
import { closest, distance } from 'fastest-levenshtein'

export function nearest(written: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined

  const found = closest(written, [...known])
  const tolerated = Math.max(1, Math.round(written.length * 0.4))
  return distance(written, found) <= tolerated ? found : undefined
}
