/** Reads multipart/byteranges as strictly as the clients do that ask for it. */

type Message = { headers: Record<string, string | string[] | undefined>; body: Buffer }
export type Part = { contentRange: string; type: string; bytes: Buffer }

/** Throws for what is not exactly such a body: not a byte may stand around the parts. */
export function partsOf({ headers, body }: Message): Part[] {
  const type = String(headers['content-type'])
  const boundary = /^multipart\/byteranges; boundary=([0-9A-Za-z]{1,70})$/.exec(type)?.[1]
  if (!boundary) throw new Error(`${type} names no boundary`)

  const parts: Part[] = []
  let rest = Buffer.concat([Buffer.from('\r\n'), body])
  const take = (length: number) => {
    const taken = rest.subarray(0, length)
    rest = rest.subarray(length)
    return taken
  }
  const next = `\r\n--${boundary}\r\n`
  while (rest.indexOf(next) === 0) {
    take(next.length)
    const head = take(rest.indexOf('\r\n\r\n') + 4).toString('latin1')
    const [, kind = '', contentRange = '', first, last] =
      /^Content-Type: (\S+)\r\nContent-Range: (bytes (\d+)-(\d+)\/\d+)\r\n\r\n$/.exec(head) ?? []
    parts.push({ type: kind, contentRange, bytes: take(Number(last) - Number(first) + 1) })
  }
  if (rest.toString('latin1') !== `\r\n--${boundary}--\r\n`)
    throw new Error('no end where it belongs')
  return parts
}
