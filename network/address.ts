/**
 * Where a program listens or is reached: `host:port`, `[2001:db8::1]:port`, `:port` for every address of a
 * machine, or the path of a socket. It is read once, by the configuration; `text` is how it was written.
 */
import { isIPv6 } from 'node:net'

export type TcpAddress = {
  text: string
  /** Undefined for every address of the machine. */
  host?: string
  port: number
}

/** `path` is that of a socket. */
export type Address = TcpAddress | { text: string; path: string }

const form =
  /^(?:\[(?<inner>[0-9a-f:.]+(?:%[\w.-]+)?)\]|(?<outer>[^:[\]\s/@]*))(?::(?<digits>\d{1,5}))?$/i

/** Undefined for text that is no address, and without a port where there is no other to fall back on. */
export function findTcpAddress(text: string, fallback?: number): TcpAddress | undefined {
  const groups = form.exec(text)?.groups
  if (!groups || (groups.inner !== undefined && !isIPv6(groups.inner))) return undefined
  const { inner, outer, digits = fallback } = groups
  const port = Number(digits ?? Number.NaN)
  if (!(port <= 65_535)) return undefined
  const host = inner ?? outer
  return { text, port, ...(host && { host }) }
}

/** `unix:/path`, or what `findTcpAddress` finds. */
export function findAddress(text: string): Address | undefined {
  const path = /^unix:(\/.+)$/.exec(text)?.[1]
  return path === undefined ? findTcpAddress(text) : { text, path }
}
