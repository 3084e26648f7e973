/** Copies in the process of a test, as the command makes them. */

import { parsePlace } from '../../moving/places/spelling.ts'
import { runCopy } from '../../moving/run.ts'

type Wanted = { tags?: string[]; platforms?: string[] }

const access = { userAgent: 'kura/test' }

/** What the command would print, on both of its outputs. */
export async function copied(from: string, to: string, wanted: Wanted = {}): Promise<string> {
  let said = ''
  const write = (text: string) => {
    said += text
  }
  await runCopy({
    from: parsePlace(from),
    to: parsePlace(to),
    access: { from: access, to: access },
    tags: [],
    platforms: [],
    ...wanted,
    withReferrers: true,
    parallel: 4,
    bytesPerSecond: undefined,
    output: { write },
    copied: (line) => write(`copied ${line}\n`),
    call: {},
  })
  return said
}
