/** Requests on a bare connection: in pieces, at odds with their own headers, or left half-way. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/**
 * A request whose head has arrived and whose handler has begun: the server has said "100 Continue".
 * The body is sent piece by piece from then on.
 */
export async function openRequest(
  port: number,
  line: string,
  headers: Record<string, string | number> = {},
) {
  const connection = await connected(port)
  connection.write(head(line, { ...headers, Expect: '100-continue' }))
  const begun = await heard(connection, /^HTTP\/1\.1 100 Continue\r\n\r\n/)

  return {
    write(bytes: Uint8Array | string): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>()
      connection.write(bytes, () => resolve())
      return promise
    },
    /** The answer, headers and all. */
    async answer(): Promise<string> {
      const text = await heard(connection, /\r\n\r\n.*\r\n\r\n/s, begun)
      connection.destroy()
      return text.slice(begun.length)
    },
    /** As when a client is killed or a cable is pulled. */
    leave(): void {
      connection.destroy()
    },
  }
}

/** Sends `text` as it is and answers all that comes back until the server closes the connection. */
export async function exchange(port: number, text: string): Promise<string> {
  const connection = await connected(port)
  connection.write(text)
  let heard = ''
  for await (const chunk of connection) heard += chunk
  return heard
}

export function head(line: string, headers: Record<string, string | number> = {}): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${line} HTTP/1.1\r\nHost: registry.example\r\n${lines.join('')}\r\n`
}

async function connected(port: number): Promise<Socket> {
  const connection = connect(port, '127.0.0.1')
  await once(connection, 'connect')
  // A server that refuses a body may reset the connection between two waits; `closed` says so to the next.
  return connection.on('error', () => {})
}

async function heard(connection: Socket, wanted: RegExp, before = ''): Promise<string> {
  let text = before
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const hear = (chunk: Uint8Array) => {
    text += Buffer.from(chunk).toString('latin1')
    if (wanted.test(text)) resolve(text)
  }
  const end = () => reject(new Error(`the connection was closed after: ${text}`))
  connection.on('data', hear).once('close', end)
  try {
    return await promise
  } finally {
    connection.off('data', hear).off('close', end)
  }
}
