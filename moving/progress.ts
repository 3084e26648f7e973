/** How far a copy is: a line that is written anew on a terminal, and a line for each blob elsewhere. */
import { sizeText } from '../documents/sizes.ts'
import type { Progress } from './copy-blob.ts'

type Output = { isTTY?: boolean | undefined; write: (text: string) => unknown }

/** A terminal is written to ten times a second at most. */
const pauseMs = 100
const clear = '\r\x1b[K'

type Shown = {
  progress: Progress
  say: (line: string) => void
  /** Makes room for a line of another stream on the same terminal. */
  hide: () => void
}

export function createProgress(output: Output): Shown {
  const isTerminal = output.isTTY === true
  const total = { sent: 0, there: 0, open: 0, passed: 0, wanted: 0 }
  let shownAt = 0

  function show(isForced = false): void {
    const now = performance.now()
    if (!isTerminal || (!isForced && now - shownAt < pauseMs)) return
    shownAt = now
    const { sent, there, open, passed, wanted } = total
    const share = wanted === 0 ? 1 : Math.min(1, passed / wanted)
    const bar = '#'.repeat(Math.round(share * 24)).padEnd(24, '.')
    const counts = `${sent} sent, ${there} there, ${open} under way`
    output.write(`${clear}[${bar}] ${sizeText(passed)} of ${sizeText(wanted)}; blobs: ${counts}`)
  }

  const say = (line: string) => {
    output.write(`${isTerminal ? clear : ''}${line}\n`)
    show(true)
  }
  return {
    say,
    hide: () => void (isTerminal && output.write(clear)),
    progress: {
      begin({ size }) {
        total.open++
        total.wanted += size
        show()
      },
      bytes(count) {
        total.passed += count
        show()
      },
      end({ digest, size }, was) {
        if (was === 'sent') total.open--
        total[was]++
        if (isTerminal) show(true)
        else say(`${was === 'sent' ? 'sent' : 'already there'}: ${digest} (${sizeText(size)})`)
      },
      manifest(digest) {
        if (!isTerminal) say(`manifest: ${digest}`)
      },
    },
  }
}
