/** The name that was probably meant: typing errors are few, so far-off names are not offered. */
import { closest, distance } from 'fastest-levenshtein'

/** `tolerated` is the number of letters that may be wrong. */
export function nearest(
  written: string,
  known: readonly string[],
  tolerated = Math.max(1, Math.round(written.length * 0.4)),
): string | undefined {
  if (known.length === 0) return undefined
  const found = closest(written, [...known])
  return distance(written, found) <= tolerated ? found : undefined
}

/** Whether `written` is `name` but for one slip of the fingers, or two in a long name. */
export function isSlipOf(written: string, name: string): boolean {
  if (Math.abs(written.length - name.length) > 1) return false
  const tolerated = name.length > 5 ? 2 : 1
  return distance(written, name) <= tolerated || swapsOf(written).includes(name)
}

/** `written` with two neighbours in each other's place. */
function swapsOf(written: string): string[] {
  const letters = [...written]
  return letters.slice(1).map((letter, at) =>
    letters
      .with(at, letter)
      .with(at + 1, letters[at] ?? '')
      .join(''),
  )
}
