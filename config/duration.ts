/**
 * Durations as configuration files write them: Go's `1h30m`, `10s`, `500ms`, or a bare whole number
 * of nanoseconds. Inside kura they are milliseconds.
 */
const unitsInMilliseconds = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ns: 1e-6,
} as const

type Unit = keyof typeof unitsInMilliseconds

const wellFormed = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:h|ms|m|s|us|µs|μs|ns))+$/
const part = /([\d.]+)([^\d.]+)/g

/** The milliseconds `text` stands for; undefined when it is no duration. */
export function readDuration(text: string): number | undefined {
  if (/^[+-]?\d+$/.test(text)) return Number(text) / 1e6
  if (!wellFormed.test(text)) return undefined

  const parts = [...text.matchAll(part)]
  const total = parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * unitsInMilliseconds[unit as Unit],
    0,
  )
  return text.startsWith('-') ? -total : total
}

/** The shortest usual way to write `milliseconds`, such as `168h` or `1m30s`. */
export function writeDuration(milliseconds: number): string {
  let rest = Math.abs(milliseconds)
  let text = ''
  for (const unit of ['h', 'm', 's', 'ms'] as const) {
    const amount = Math.floor(rest / unitsInMilliseconds[unit])
    rest -= amount * unitsInMilliseconds[unit]
    if (amount > 0) text += `${amount}${unit}`
  }
  const nanoseconds = Math.round(rest * 1e6)
  if (nanoseconds > 0) text += `${nanoseconds}ns`
  return (milliseconds < 0 ? '-' : '') + (text || '0s')
}
