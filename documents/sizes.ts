/** Numbers of bytes as people read them. */

const units = ['B', 'kB', 'MB', 'GB', 'TB']

/** `999 B`, `1.5 kB`, `64 MB`: a thousand of a unit is one of the next. */
export function sizeText(bytes: number): string {
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1)
  const value = bytes / 1000 ** step
  return `${value < 10 && step > 0 ? value.toFixed(1) : Math.round(value)} ${units[step]}`
}
