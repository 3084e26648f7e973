/**
 * Patterns of repositories and tags. `*` is any text within a segment, a `**` segment is any number
 * of segments, and `${user}` is the name of the user who asks, letter by letter. `team/**` is also `team`.
 */
import picomatch from 'picomatch'
import { host } from '../../registry/protocol/name.ts'

/** Picomatch knows more than we promise; all other features are off. */
const options = {
  dot: true,
  // The fast paths escape what stands for the name.
  fastpaths: false,
  nobrace: true,
  nobracket: true,
  noextglob: true,
  nonegate: true,
  noquantifiers: true,
} as const

/** In a pattern, the name of the user that asks. */
export const userPlace = `$${'{user}'}`

/** Stands for the name while picomatch reads a pattern; no pattern contains it. */
const namePlace = '\uE000'

/**
 * The text before the first and after the last wildcard is compared as text, so three wildcards
 * cost at most the square of a name's length. Each one more would multiply that by the length.
 */
const mostWildcards = 3

const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/

/** The first of several parts may be called so in volumes of registry:2. */
const first = new RegExp(`^${host}$`)

/** The fault of a pattern of repositories; undefined for a good one. */
export function faultOfRepositoryPattern(text: string): string | undefined {
  const plain = text.replaceAll(userPlace, 'u')
  const strange = /[^a-zA-Z0-9._/*-]/.exec(plain)?.[0]
  if (/[A-Z]/.test(plain.slice(Math.max(plain.indexOf('/'), 0)))) {
    return 'never matches: names of repositories have no upper case, but for the first of several parts in old volumes'
  }
  if (plain.includes('$'))
    return `has a $ that does not begin ${userPlace}, the only name known here`
  if (strange) {
    return `has a ${JSON.stringify(strange)}; allowed are a-z 0-9 . _ - / and *, **, ${userPlace}`
  }
  if (plain.startsWith('/')) return 'never matches: names of repositories do not begin with /'
  if (plain.endsWith('/')) return 'never matches: names of repositories do not end with /'
  const [start = '', ...rest] = plain.split('/')
  const segments = isOldStart(start) ? rest : [start, ...rest]
  return segments.map(faultOfSegment).find(Boolean) ?? faultOfStars(plain)
}

/** Upper case shows that there are more parts. */
const isOldStart = (segment: string) =>
  /[A-Z]/.test(segment) && !segment.includes('**') && first.test(segment.replaceAll('*', 'a'))

function faultOfSegment(segment: string): string | undefined {
  if (segment === '') return 'never matches: there is nothing between two slashes'
  if (segment === '**') return undefined
  if (segment.includes('**')) return 'has a ** beside other text; ** stands for whole segments'
  // Where any text may stand, a letter may: if that makes no name, nothing does.
  if (component.test(segment.replaceAll('*', 'a'))) return undefined
  return `never matches: ${JSON.stringify(segment)} is no part of a name; single . _ __ or - stand between letters and digits`
}

function faultOfStars(text: string): string | undefined {
  if (text.includes('**/**')) return 'has ** twice in a row, where once says the same'
  const costly = text.split('/').filter((segment) => segment !== '*')
  const count = costly.join('/').match(/\*+/g)?.length ?? 0
  if (count <= mostWildcards) return undefined
  return `has ${count} wildcards; at most ${mostWildcards} are allowed, segments of a single * not counted`
}

/** The fault of a pattern of tags; undefined for a good one. */
export function faultOfTagPattern(text: string): string | undefined {
  const strange = /[^a-zA-Z0-9._*-]/.exec(text)?.[0]
  if (strange) return `has a ${JSON.stringify(strange)}; allowed are a-z A-Z 0-9 . _ - and *`
  if (text === '') return 'never matches: a tag is never empty'
  if (/^[.-]/.test(text)) return 'never matches: a tag does not begin with . or -'
  if (text.includes('**')) return 'has a **; in a tag, * is enough'
  return faultOfStars(text)
}

/** Matches a name of a repository for someone called `name`. */
export type Matcher = (repository: string, name: string | undefined) => boolean

/** Whether any of `patterns`, each without fault, matches. */
export function compilePatterns(patterns: readonly string[]): Matcher {
  const exact = new Set(patterns.filter((pattern) => !isSpecial(pattern)))
  const [first, ...more] = patterns.filter(isSpecial).map(compilePattern)
  if (!first) return (text) => exact.has(text)
  if (exact.size === 0 && more.length === 0) return first
  const matchers = [first, ...more]
  return (text, name) => exact.has(text) || matchers.some((matches) => matches(text, name))
}

const isSpecial = (pattern: string) => pattern.includes('*') || pattern.includes('$')

function compilePattern(pattern: string): Matcher {
  if (pattern === '**') return (text) => text !== ''

  const [start, end] = endsOf(pattern)
  const around = (text: string) => text.startsWith(start) && text.endsWith(end)
  const expression = expressionOf(pattern.replaceAll(userPlace, namePlace))
  if (!pattern.includes(userPlace)) return (text) => around(text) && expression.test(text)

  /*
   * The name goes before the repository, on a line of its own, and the pattern refers back to it.
   * So it is compared as text, special characters too, and one expression serves all users.
   */
  const source = expression.source.replaceAll(namePlace, '\\k<user>')
  const withName = new RegExp(`^(?<user>.*)\\n${source}`, 'm')
  return (text, name) =>
    name !== undefined && around(text) && component.test(name) && withName.test(`${name}\n${text}`)
}

/** Picomatch lets `a/**` be `a`, but not `a*\/**`; here the end of both means the same. */
function expressionOf(pattern: string): RegExp {
  const above = pattern.endsWith('/**') ? pattern.slice(0, -'/**'.length) : undefined
  if (above === undefined) return picomatch.makeRe(pattern, options)
  const { source } = picomatch.makeRe(above, options)
  return new RegExp(source.replace(/\$$/, '(?:\\/.+)?$$'))
}

/** The text before the first and after the last special part. A `**` may stand for no segment. */
function endsOf(pattern: string): [start: string, end: string] {
  const special = /(\/?\*\*\/?|\*|\$\{user\})/
  const parts = pattern.split(special)
  return [parts.at(0) ?? '', parts.at(-1) ?? '']
}
