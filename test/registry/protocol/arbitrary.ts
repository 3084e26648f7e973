/** Values of the protocol for property tests: names, tags and digests as the specification allows them. */
import fc from 'fast-check'

const word = fc.stringMatching(/^[a-z0-9]{1,6}$/)
const separator = fc.constantFrom('.', '_', '__', '-', '--', '---')

const component = fc
  .tuple(word, fc.array(fc.tuple(separator, word), { maxLength: 3 }))
  .map(([first, rest]) => first + rest.map(([mark, next]) => mark + next).join(''))

/** Some parts are the words that endpoints are made of, so that names look like paths. */
const endpointWord = fc.constantFrom('manifests', 'blobs', 'uploads', 'tags', 'list', 'referrers')

export const repositories = fc
  .array(fc.oneof(component, endpointWord), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join('/'))

export const tags = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/)

const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''))

export const digests = fc.oneof(
  hex(64).map((digits) => `sha256:${digits}`),
  hex(128).map((digits) => `sha512:${digits}`),
)

export const uploadIds = fc
  .stringMatching(/^[a-zA-Z0-9_.=-]{1,40}$/)
  .filter((id) => id !== '.' && id !== '..')

/** Text made of the characters that paths and names are built from, and of those that trouble them. */
export const trickyText = fc
  .array(
    fc.oneof(
      fc.constantFrom('/', '//', '..', '.', '\\', '%', '%2f', '%2F', '%2e', '%5c', '%00', '%25'),
      fc.constantFrom('v2', 'manifests', 'blobs', 'uploads', 'tags', 'list', '_catalog', 'a', 'B'),
      fc.constantFrom('?', '#', ':', '@', '\u0000', '\n', ' ', 'é', '\ud800', '_', '-', '%C3', '%'),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))

/** The error that `work` throws; undefined when it throws none. */
export function thrownBy(work: () => unknown): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}
