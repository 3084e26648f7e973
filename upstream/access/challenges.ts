/** Reads the challenges of an answer with 401, of which a header may hold several (RFC 9110, 11.6.1). */

export type Challenge = { scheme: string; parameters: ReadonlyMap<string, string> }

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const parameter = new RegExp(
  `\\s*(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))\\s*`,
  'y',
)
const scheme = new RegExp(`\\s*(${token})(?=\\s|,|$)`, 'y')
const token68 = /\s+[A-Za-z0-9._~+/-]+=*\s*(?=,|$)/y
const comma = /\s*,/y

/** What cannot be read ends the list: the challenges before it count. Names are in lower case. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = []
  const text = createScanner(header)
  while (!text.isAtEnd()) {
    if (text.take(comma)) continue
    const name = text.take(scheme)?.[1]
    if (name === undefined) break
    challenges.push({ scheme: name.toLowerCase(), parameters: readParameters(text) })
  }
  return challenges
}

type Scanner = ReturnType<typeof createScanner>

function createScanner(header: string) {
  let at = 0
  return {
    isAtEnd: () => header.slice(at).trim() === '',
    take(pattern: RegExp): RegExpExecArray | undefined {
      pattern.lastIndex = at
      const found = pattern.exec(header)
      if (found) at = pattern.lastIndex
      return found ?? undefined
    },
    place: () => at,
    goBack: (place: number) => {
      at = place
    },
  }
}

function readParameters(text: Scanner): Map<string, string> {
  const parameters = new Map<string, string>()
  if (text.take(token68)) return parameters
  for (;;) {
    const before = text.place()
    while (text.take(comma)) {}
    const found = text.take(parameter)
    if (!found) {
      // A word without a value begins the next challenge.
      text.goBack(before)
      return parameters
    }
    const [, name = '', quoted, plain] = found
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? ''
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value)
  }
}
