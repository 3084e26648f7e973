/**
 * Scenarios of a process that is halted for longer than its lease: its work, the work that another process does and
 * acknowledges meanwhile, and the state that has to be there in the end.
 */
import { canonical, type Digest, digestOf } from '../../registry/protocol/digest.ts'
import { parseManifest } from '../../registry/protocol/manifest.ts'
import { parseTag } from '../../registry/protocol/name.ts'
import type { AskedUpload } from '../../registry/uploads/rules.ts'
import { source } from '../contract/bytes.ts'
import { imageFrom, manifestType } from '../support/image.ts'
import type { Parts } from './halted-parts.ts'

export type Scenario = {
  /** Answers what the other steps have to know. */
  prepare?: (it: Parts, repository: string) => Promise<AskedUpload>
  halted: (it: Parts, place: Place, source: Source) => Promise<unknown>
  meanwhile: (it: Parts, place: Place) => Promise<unknown>
  /** The state in the end, and the state that has to be there. */
  after: (it: Parts, place: Place) => Promise<[found: unknown, expected: unknown]>
}
type Place = { repository: string; upload: AskedUpload }
/** A body that comes in two halves; the process may be halted between them. */
type Source = (...texts: string[]) => AsyncGenerator<Buffer>

const [one, two] = ['one', 'two'].map((it) => imageFrom(Buffer.from(it)))
const [first, second] = [one?.digest as Digest, two?.digest as Digest]
const named = (text: string) => digestOf(canonical, Buffer.from(text))
const chunk = (text: string) => ({ source: source([text]), range: undefined })

function push(it: Parts, { repository }: Pick<Place, 'repository'>, what: Push) {
  const bytes = (what.digest === first ? one : two)?.manifest ?? Buffer.alloc(0)
  const manifest = parseManifest(bytes, manifestType)
  const tags = what.tag === undefined ? [] : [parseTag(what.tag)]
  const references = Promise.resolve()
  const mayMove = () => what.isKept !== true
  const push = { bytes, manifest, digest: undefined, references, tags, mayMove }
  return it.manifests.put(repository, push)
}
type Push = { digest: Digest; tag?: string; isKept?: boolean }

const tagged = (it: Parts, { repository }: Place, tag: string) =>
  it.tags.find(repository, parseTag(tag))
const pushed = async (it: Parts, { repository }: Place, digest: Digest) =>
  (await it.manifests.find(repository, digest)) !== undefined

async function textOf(it: Parts, { repository }: Place, text: string): Promise<string> {
  const found = await it.blobs.find(repository, named(text))
  const bytes = found && (await it.blobs.read(found))
  return bytes
    ? `${Buffer.concat(await Array.fromAsync(bytes, (it) => Buffer.from(it)))}`
    : 'nothing'
}

const begun = async (it: Parts, repository: string) => {
  const upload = await it.uploads.start(repository, { subject: undefined, algorithm: canonical })
  return { ...upload, ...(await it.uploads.append(upload, chunk('one'))) }
}
const empty = (it: Parts, repository: string) =>
  it.uploads.start(repository, { subject: undefined, algorithm: canonical })
const goOn = async (it: Parts, { upload }: Place) => {
  const now = { ...upload, ...(await it.uploads.append(upload, chunk(' more'))) }
  await it.uploads.commit(now, named('one more'))
}
const wentOn = async (it: Parts, place: Place) =>
  [await textOf(it, place, 'one more'), 'one more'] as [string, string]

const withTag = (tag: string) => async (it: Parts, repository: string) => {
  await push(it, { repository }, { digest: first, tag })
  return undefined as never
}

export const scenarios: Record<string, Scenario> = {
  'sets a tag that another sets': {
    halted: (it, place) => push(it, place, { digest: first, tag: 't' }),
    meanwhile: (it, place) => push(it, place, { digest: second, tag: 't' }),
    after: async (it, place) => [await tagged(it, place, 't'), second],
  },
  'sets a tag that may not be moved once another has set it': {
    halted: (it, place) => push(it, place, { digest: first, tag: 't', isKept: true }),
    meanwhile: (it, place) => push(it, place, { digest: second, tag: 't', isKept: true }),
    after: async (it, place) => [await tagged(it, place, 't'), second],
  },
  'pushes what another removes': {
    prepare: withTag('t'),
    halted: (it, place) => push(it, place, { digest: first, tag: 'u' }),
    meanwhile: (it, { repository }) =>
      it.manifests.remove(repository, { digest: first, mayRemove: () => true }),
    after: async (it, place) => [
      [await tagged(it, place, 't'), await tagged(it, place, 'u'), await pushed(it, place, first)],
      [undefined, undefined, false],
    ],
  },
  'removes what another pushes again': {
    prepare: withTag('t'),
    halted: (it, { repository }) =>
      it.manifests.remove(repository, { digest: first, mayRemove: () => true }),
    async meanwhile(it, place) {
      await push(it, place, { digest: second, tag: 't' })
      await push(it, place, { digest: first, tag: 'u' })
    },
    after: async (it, place) => [
      [await tagged(it, place, 't'), await tagged(it, place, 'u'), await pushed(it, place, first)],
      [second, first, true],
    ],
  },
  'removes a tag that another sets': {
    prepare: withTag('t'),
    halted: (it, { repository }) => it.manifests.removeTag(repository, parseTag('t')),
    meanwhile: (it, place) => push(it, place, { digest: second, tag: 't' }),
    after: async (it, place) => [await tagged(it, place, 't'), second],
  },
  'adds to an upload that another ends': {
    prepare: begun,
    halted: (it, { upload }, halves) =>
      it.uploads.append(upload, {
        source: halves(' tw', 'o and more than that'),
        range: undefined,
      }),
    meanwhile: goOn,
    after: wentOn,
  },
  'makes a blob of an upload to which another adds': {
    prepare: begun,
    halted: (it, { upload }) => it.uploads.commit(upload, named('one')),
    async meanwhile(it, place) {
      const { size } = await it.uploads.progress(place.upload)
      // The blob may be there already, and only the rest of the upload be left.
      await (size === 3 ? goOn(it, place) : it.uploads.commit(place.upload, named('one')))
    },
    async after(it, place) {
      const found = [await textOf(it, place, 'one'), await textOf(it, place, 'one more')]
      const isThere = found.some((text) => text !== 'nothing')
      const areWhole = found.every((text, at) =>
        ['nothing', ['one', 'one more'][at]].includes(text),
      )
      return [
        { isThere, areWhole, found },
        { isThere: true, areWhole: true, found },
      ]
    },
  },
  'sends a whole blob in an upload that another ends': {
    prepare: empty,
    halted: (it, { upload }) => it.uploads.commit(upload, named('mine'), chunk('mine')),
    async meanwhile(it, { upload }) {
      const { size } = await it.uploads.progress(upload)
      await it.uploads.commit(
        upload,
        named(size ? 'mine' : 'other'),
        size ? undefined : chunk('other'),
      )
    },
    async after(it, place) {
      const found = [await textOf(it, place, 'mine'), await textOf(it, place, 'other')]
      const areWhole = found.every((text, at) => ['nothing', ['mine', 'other'][at]].includes(text))
      const isThere = found.some((text) => text !== 'nothing')
      return [
        { isThere, areWhole, found },
        { isThere: true, areWhole: true, found },
      ]
    },
  },
  'cancels an upload that another ends': {
    prepare: begun,
    halted: (it, { upload }) => it.uploads.cancel(upload),
    meanwhile: goOn,
    after: wentOn,
  },
  'purges an upload that another ends': {
    prepare: begun,
    halted: (it, { upload }) => it.uploads.expire(upload, new Date(Date.now() + 60_000)),
    meanwhile: goOn,
    after: wentOn,
  },
}
