/** Layers and configs: stored once by digest, visible in a repository only where a link says so. */
import { algorithmOf, canonical, type Digest, digestOf } from '../protocol/digest.ts'
import type { Call, ReadCall, Stat, StorageDriver } from '../storage/driver.ts'
import { type FencedStorage, withoutLease } from '../storage/fenced.ts'
import { type Links, writeLink } from './links.ts'
import { paths } from './paths.ts'

const emptyDigest = digestOf(canonical, new Uint8Array())

export type Blobs = ReturnType<typeof createBlobs>

/** `canonical` is the digest under which the bytes lie; the client may know them by another. */
export type Blob = { canonical: Digest; size: number }
type Named = { repository: string; digest: Digest }
type Linking = Named & { stored: Digest }

export function createBlobs(storage: StorageDriver, links: Links) {
  // Of a blob that is whole, links can be made by anyone at any time.
  const changing = withoutLease(storage)
  return { find, findAnywhere, open, read, link, mount, unlink }

  /**
   * A blob of another repository is not found here, even when its bytes are in storage. Always asks
   * storage: a client that hears "yes" skips an upload, so a stale answer would lose a layer.
   */
  async function find(repository: string, digest: Digest, call?: Call): Promise<Blob | undefined> {
    // A link holds the digest that is its name, unless that is of another algorithm.
    const likely = algorithmOf(digest) === canonical ? withSize(digest, call) : undefined
    likely?.catch(() => {})
    const linked = await links.read(paths.layerLink(repository, digest), call)
    return linked && (likely && linked === digest ? likely : withSize(linked, call))
  }

  /**
   * A blob with its bytes, for the price of one look instead of the two of `find` and `read`. Undefined where
   * it takes these two to say more.
   */
  async function open(repository: string, digest: Digest, call?: Call) {
    const [asked, link] = await Promise.allSettled([
      storage.open(paths.blob(digest), call),
      links.read(paths.layerLink(repository, digest), call),
    ])
    const opened = asked.status === 'fulfilled' ? asked.value : undefined
    const isLinked = link.status === 'fulfilled' && link.value === digest
    if (opened && isLinked && isWhole(digest, opened)) return opened
    opened?.giveUp()
    return undefined
  }

  /** The bytes, whichever repository they came with. Only canonical digests can be found so. */
  async function findAnywhere(digest: Digest, call?: Call): Promise<Blob | undefined> {
    return algorithmOf(digest) === canonical ? withSize(digest, call) : undefined
  }

  async function withSize(digest: Digest, call?: Call): Promise<Blob | undefined> {
    const found = await storage.stat(paths.blob(digest), call)
    return found && isWhole(digest, found) ? { canonical: digest, size: found.size } : undefined
  }

  function read(blob: Blob, call?: ReadCall) {
    return storage.read(paths.blob(blob.canonical), call)
  }

  /** Makes bytes that are already in storage visible as `digest`, and as what they are stored under. */
  async function link(under: FencedStorage, { repository, digest, stored }: Linking, call?: Call) {
    const names = [...new Set([stored, digest])].map((name) => paths.layerLink(repository, name))
    await Promise.all(names.map((path) => writeLink(under, { path, digest: stored }, call)))
  }

  /** Does the same for a blob that is visible in another repository. */
  async function mount(linking: Linking, call?: Call): Promise<void> {
    await link(changing, linking, call)
  }

  /** Takes a blob out of a repository under every digest it is known by there. False if it was not in. */
  async function unlink(under: FencedStorage, { repository, digest }: Named, call?: Call) {
    const names = await links.findNames(paths.layers(repository), digest, call)
    if (!names) return false
    await Promise.all(names.map((name) => under.remove(paths.layerLink(repository, name), call)))
    return true
  }
}

/** A crash of some earlier registry may have left a file without its bytes. */
function isWhole(digest: Digest, { size }: Stat): boolean {
  return size > 0 || digest === emptyDigest
}
