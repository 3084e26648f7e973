/** A record of all that a registry has acknowledged, so that it can be held to it, and of its faults. */

/** A tag names what was last acknowledged, or what was tried since: a lost answer says neither yes nor no. */
type TagRecord = { acknowledged: string | undefined; tried: string[] }

export type Ledger = ReturnType<typeof createLedger>

export function createLedger() {
  const blobs = new Map<string, Set<string>>()
  const manifests = new Map<string, Set<string>>()
  const tags = new Map<string, TagRecord>()
  const faults: string[] = []
  let brokenOff = 0
  let acknowledged = 0

  const add = (to: Map<string, Set<string>>, repository: string, digest: string) => {
    acknowledged += 1
    const known = to.get(repository) ?? new Set()
    to.set(repository, known.add(digest))
  }
  const tagOf = (repository: string, tag: string): TagRecord => {
    const name = `${repository}:${tag}`
    const found = tags.get(name) ?? { acknowledged: undefined, tried: [] }
    tags.set(name, found)
    return found
  }

  return {
    blobs,
    manifests,
    faults,
    /** How many times a blob or a manifest was acknowledged. */
    acknowledged: () => acknowledged,
    /** How many requests were under way when nobody was there any more to answer them. */
    brokenOff: () => brokenOff,
    brokeOff() {
      brokenOff += 1
    },
    /** Each tag that was acknowledged, with all it may name now. */
    acknowledgedTags: () =>
      [...tags].flatMap(([name, { acknowledged, tried }]) => {
        const [repository = '', tag = ''] = name.split(':')
        return acknowledged ? [{ repository, tag, allowed: [acknowledged, ...tried] }] : []
      }),
    pushedBlob: (repository: string, digest: string) => add(blobs, repository, digest),
    tryingTag(repository: string, tag: string, digest: string) {
      tagOf(repository, tag).tried.push(digest)
    },
    pushedManifest(repository: string, tag: string, digest: string) {
      add(manifests, repository, digest)
      tags.set(`${repository}:${tag}`, { acknowledged: digest, tried: [] })
    },
  }
}
