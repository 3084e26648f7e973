/**
 * A standard stream as the destination of a log. A line never waits for its reader: the lines of one
 * turn of the loop leave together in one write, and what is still here at exit is written then. A
 * stream that cannot be written loses lines; it never stops the registry.
 */
import { write, writeSync } from 'node:fs'

export type Output = { write(line: string): void }

/** Bytes that wait for a reader that has stopped reading; lines beyond them are dropped. */
const waitingLimit = 16 * 1024 * 1024
const retryMs = 10
const retriesAtExit = 100

export function openOutput(fd: 1 | 2): Output {
  let waiting = ''
  let sending = false
  process.once('exit', () => writeAllSync(fd, waiting))

  return {
    write(line) {
      if (waiting.length > waitingLimit) return
      waiting += line
      if (sending) return
      sending = true
      setImmediate(send)
    },
  }

  function send() {
    if (waiting === '') {
      sending = false
      return
    }
    const bytes = Buffer.from(waiting)
    waiting = ''
    writeFrom(bytes, 0)
  }

  function writeFrom(bytes: Buffer, start: number) {
    write(fd, bytes, start, bytes.length - start, null, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(writeFrom, retryMs, bytes, start)
      else if (error || start + written === bytes.length) send()
      else writeFrom(bytes, start + written)
    })
  }
}

/** At exit there is no loop left to wait in, so a full pipe is given a second and then up. */
function writeAllSync(fd: number, text: string) {
  const bytes = Buffer.from(text)
  let start = 0
  for (let tries = 0; start < bytes.length && tries < retriesAtExit; ) {
    try {
      start += writeSync(fd, bytes, start)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
      tries += 1
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs)
    }
  }
}
