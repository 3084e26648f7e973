/**
 * Takes the secrets out of what a client calls itself and its body, before it is logged: URLs in it are
 * treated as any, values with a name lose the value, and a word behind one that announces a secret goes.
 */
import { isToken } from '../access/safe-name.ts'
import { redacted, withoutSecrets } from './redact.ts'

const suspicious =
  /[=?@:%]|basic|bearer|digest|pass|pwd|secret|token|credential|auth|key|eyJ|kura_|gh[a-z]_|gl?pat/i
const separators = /([\s();,"'<>]+)/
/** Parameters of media types and the like, and how their values look. */
const harmless = new Set(['charset', 'version', 'rv'])
const harmlessValue = /^[\w.-]{0,16}$/
const scheme = /^(?:basic|bearer|digest)$/i
const announcing = /(?:pass\w{0,8}|pwd|secret|token|credentials?|authorization|key|[:=])$/i

export function textWithoutSecrets(text: string): string {
  if (!suspicious.test(text)) return text
  const pieces = text.split(separators)
  let hides = false
  for (const [index, piece] of pieces.entries()) {
    // Every other piece is what stands between two words.
    if (index % 2 === 1 || piece === '') continue
    const isScheme = scheme.test(piece)
    pieces[index] = hides && !isScheme ? redacted : wordWithoutSecrets(piece)
    hides = isScheme || announcing.test(piece)
  }
  return pieces.join('')
}

function wordWithoutSecrets(word: string): string {
  if (isToken(word)) return redacted
  if (/[?@%]|:\/\//.test(word)) return withoutSecrets(word)
  const [, key, sign, value = ''] = /^([^=:]*)([=:])(.*)$/s.exec(word) ?? []
  if (key === undefined || value === '') return word
  if (harmless.has(key.toLowerCase()) && harmlessValue.test(value)) return word
  return `${key}${sign}${redacted}`
}
