/**
 * How a line of the application log looks: the three formats of distribution, as pino writes them or
 * as they are made of pino's line.
 */
type Format = {
  messageKey: string
  /** The part of pino's JSON that says when. */
  stamp: () => string
  /** Makes the line of pino's JSON, where the line is anything else. */
  line?: (json: string) => string
}

/** The names of pino's levels in distribution, where they differ. */
export const levelWords: Record<string, string> = { warn: 'warning' }

export const formats = {
  text: { messageKey: 'msg', stamp: () => `,"time":"${now()}"`, line: textLine },
  json: { messageKey: 'msg', stamp: () => `,"time":"${now()}"` },
  logstash: { messageKey: 'message', stamp: () => `,"@timestamp":"${now()}","@version":"1"` },
} satisfies Record<string, Format> as Record<'text' | 'json' | 'logstash', Format>

/** RFC 3339 with nine digits of fraction: the clock counts milliseconds, readers count columns. */
function now(): string {
  return `${new Date().toISOString().slice(0, -1)}000000Z`
}

const leading = ['time', 'level', 'msg', 'func', 'file']

/** `time="…" level=info msg="…"`, then every other field by name. */
function textLine(json: string): string {
  const record: Record<string, unknown> = JSON.parse(json)
  let line = ''
  for (const key of leading) {
    if (key in record) line += ` ${key}=${textValue(record[key])}`
  }
  for (const key of Object.keys(record).sort()) {
    if (!leading.includes(key)) line += textField(key, record[key])
  }
  return `${line.slice(1)}\n`
}

/** An object is written as its members, `err.message="…"`; a list as JSON. */
function textField(key: string, value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return ` ${key}=${textValue(value)}`
  }
  let line = ''
  for (const [member, inner] of Object.entries(value)) line += textField(`${key}.${member}`, inner)
  return line
}

const bare = /^[\w./@^+-]*$/

function textValue(value: unknown): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return bare.test(text) ? text : quote(text)
}

/**
 * JSON leaves characters alone that a terminal obeys or a reader takes for a new line, and those that are
 * not seen or turn the order of the others: with them a name looks like another.
 */
function quote(text: string): string {
  return JSON.stringify(text).replace(/[\x7f-\x9f\p{Cf}\u2028\u2029]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
