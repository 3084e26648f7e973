/** The access log: a line of Apache's combined format for each exchange, on stdout. */
import { type Output, openOutput } from './output.ts'

/** The facts about a request once its response has ended. */
export type Exchange = {
  address: string
  user: string | undefined
  /** When the request arrived, in milliseconds since 1970. */
  at: number
  method: string
  uri: string
  httpVersion: string
  status: number
  written: number
  referer: string
  userAgent: string
}

export type AccessLog = ReturnType<typeof accessLog>

export function accessLog(output: Output = openOutput(1)) {
  const clock = createClock()

  return (it: Exchange) => {
    const request = `${escaped(it.method)} ${escaped(it.uri)} HTTP/${it.httpVersion}`
    const who = `${it.address || '-'} - ${it.user ? escapedWord(it.user) : '-'}`
    const client = `"${escaped(it.referer)}" "${escaped(it.userAgent)}"`
    output.write(`${who} [${clock(it.at)}] "${request}" ${it.status} ${it.written} ${client}\n`)
  }
}

/** `21/Nov/2026:06:03:58 +0000`, made once a second. */
function createClock() {
  let second = Number.NaN
  let text = ''

  return (at: number) => {
    if (Math.floor(at / 1000) === second) return text
    second = Math.floor(at / 1000)
    const [, day, month, year, time] = new Date(at).toUTCString().split(' ')
    text = `${day}/${month}/${year}:${time} +0000`
    return text
  }
}

/** Text of a client stays within its quotes and on its line. */
function escaped(text: string): string {
  return text.replace(/["\\]|[^\x20-\x7e]/g, written)
}

function escapedWord(text: string): string {
  return text.replace(/["\\]|[^\x21-\x7e]/g, written)
}

function written(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`
  const hex = character.charCodeAt(0).toString(16)
  return hex.length > 2 ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`
}
