/**
 * Referrers: manifests whose `subject` is another one ("Listing Referrers"), a page at a time. A page has
 * an end in number, in bytes, and in what has to be looked at for it; then the next one goes on.
 */
import { fewAtOnce } from '../../pace/few-at-once.ts'
import type { Digest } from '../../protocol/digest.ts'
import type { Call } from '../../storage/driver.ts'
import { type Said, saidBy } from '../manifests/descriptions.ts'
import type { Described, Found } from './described.ts'
import type { ReferrerDigests } from './digests.ts'
import { createReferrersPage, fitsAlone, type ReferrersPage } from './page.ts'

export type Referrers = ReturnType<typeof createReferrers>

type Wanted = Call & {
  size: number
  after?: string | undefined
  artifactType?: string | undefined
}

type Parts = { digests: ReferrerDigests; described: Described }

export function createReferrers({ digests, described }: Parts) {
  return { page }

  /** In the order of their digests. A referrer that was deleted is none. */
  async function page(repository: string, subject: Digest, wanted: Wanted): Promise<ReferrersPage> {
    const { size, after = '', artifactType, signal } = wanted
    const page = createReferrersPage(size)
    if (size === 0) return page.endAsLast()

    const asked = { subject, artifactType }
    const find = (digest: Digest) => described.find(repository, digest, { signal })
    const candidates = digests.list(repository, subject, { after, signal })
    for await (const [digest, found] of fewAtOnce(candidates, find)) {
      const candidate = found && candidateOf(found, asked)
      const isTaken =
        page.reserveFor(candidate) &&
        page.take(digest, await describe(digest, candidate, { ...asked, signal }))
      if (!isTaken) return page.endWithNext()
    }
    return page.endAsLast()
  }

  /** Empty for what turns out to be none that was asked for. */
  async function describe(
    digest: Digest,
    found: Found | undefined,
    { signal, ...asked }: Asked & Call,
  ): Promise<string> {
    if (!found) return ''
    const { description } = found
    if (description?.said)
      return textOf(digest, found.size, { ...description, ...description.said })
    const manifest = await described.read(found, { signal })
    if (!manifest) return ''
    const said = saidBy(manifest)
    const isAsked = manifest.subject === asked.subject && isOfType(said, asked)
    return isAsked ? textOf(digest, found.size, { ...manifest, ...said }) : ''
  }
}

type Asked = { subject: Digest; artifactType: string | undefined }

/** Undefined where something that is known of it speaks against it. */
function candidateOf(found: Found, asked: Asked): Found | undefined {
  if (!found.description) return found
  const { subject, said } = found.description
  return subject === asked.subject && (!said || isOfType(said, asked)) ? found : undefined
}

function isOfType(said: Said, { artifactType }: Asked): boolean {
  return artifactType === undefined || said.artifactType === artifactType
}

/** Annotations that fit into no answer are left out of it, and can be read in the manifest. */
function textOf(digest: Digest, size: number, said: Said & { mediaType: string }): string {
  const { mediaType, artifactType, annotations } = said
  const plain = JSON.stringify({ mediaType, digest, size, artifactType })
  const texts = [
    annotations ? `${plain.slice(0, -1)},"annotations":${annotations}}` : plain,
    plain,
    JSON.stringify({ mediaType, digest, size }),
  ]
  return texts.find(fitsAlone) ?? ''
}
