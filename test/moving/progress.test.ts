/** How far a copy is, on a terminal and elsewhere. */
import { expect, it } from '@jest/globals'
import { createProgress } from '../../moving/progress.ts'

const blob = { mediaType: 'a/b', digest: `sha256:${'a'.repeat(64)}` as never, size: 2_000_000 }

function shownBy(isTTY: boolean): string {
  let text = ''
  const { progress, say } = createProgress({ isTTY, write: (it) => (text += it) })
  progress.begin(blob)
  progress.bytes(1_000_000)
  say('a registry wants a pause')
  progress.bytes(1_000_000)
  progress.end(blob, 'sent')
  progress.end(blob, 'there')
  return text
}

it('a terminal has a bar, and lines go above it', () => {
  const lines = shownBy(true).split('\r\x1b[K')
  expect(lines).toContain('a registry wants a pause\n')
  expect(lines).toContain(
    `[${'#'.repeat(12)}${'.'.repeat(12)}] 1.0 MB of 2.0 MB; blobs: 0 sent, 0 there, 1 under way`,
  )
  expect(lines.at(-1)).toBe(
    `[${'#'.repeat(24)}] 2.0 MB of 2.0 MB; blobs: 1 sent, 1 there, 0 under way`,
  )
})

it('a log has a line for each blob, without anything that moves', () => {
  const digest = blob.digest as string
  expect(shownBy(false)).toBe(
    `a registry wants a pause\nsent: ${digest} (2.0 MB)\nalready there: ${digest} (2.0 MB)\n`,
  )
})
