/**
 * The places of all content: the layout of registry:2 and :3, byte for byte, so that a volume can change
 * hands in both directions. `<alg>/<hex>` is a digest taken apart, `<hh>` the first two of its digits.
 *
 *   docker/registry/v2/
 *     blobs/sha256/<hh>/<hex>/data                      bytes of layers, configs and manifests
 *     repositories/<name>/
 *       _layers/<alg>/<hex>/link                        this repository has that blob
 *       _manifests/revisions/<alg>/<hex>/link           … and that manifest
 *       _manifests/tags/<tag>/current/link              what the tag names now
 *       _manifests/tags/<tag>/index/<alg>/<hex>/link    what it ever named
 *       _manifests/referrers/<alg>/<hex>/<alg>/<hex>/link   the second refers to the first (ours)
 *       _uploads/<id>/data                              the bytes so far
 *       _uploads/<id>/startedat                         RFC 3339, in whole seconds
 *       _uploads/<id>/state.json                        what kura remembers of the upload (ours)
 *
 * A link holds the text of a canonical digest and nothing else. Only in the index of a tag it is
 * the digest by which the tag was given (../../docs/decisions/0025). The other registries neither read nor
 * mind the entries marked "ours".
 */
import { algorithmOf, type Digest, hexOf } from '../protocol/digest.ts'

const root = 'docker/registry/v2'
const split = (digest: Digest) => `${algorithmOf(digest)}/${hexOf(digest)}`
const repository = (name: string) => `${root}/repositories/${name}`
const manifests = (name: string) => `${repository(name)}/_manifests`
const tag = (name: string, tagName: string) => `${manifests(name)}/tags/${tagName}`
const upload = (name: string, id: string) => `${repository(name)}/_uploads/${id}`

export const paths = {
  repositories: `${root}/repositories`,
  repository,

  blob: (digest: Digest) =>
    `${root}/blobs/${algorithmOf(digest)}/${hexOf(digest).slice(0, 2)}/${hexOf(digest)}/data`,

  layers: (name: string) => `${repository(name)}/_layers`,
  layerLink: (name: string, digest: Digest) => `${repository(name)}/_layers/${split(digest)}/link`,

  manifests,
  revisions: (name: string) => `${manifests(name)}/revisions`,
  revision: (name: string, digest: Digest) => `${manifests(name)}/revisions/${split(digest)}`,
  revisionLink: (name: string, digest: Digest) =>
    `${manifests(name)}/revisions/${split(digest)}/link`,

  tags: (name: string) => `${manifests(name)}/tags`,
  tag,
  tagCurrent: (name: string, tagName: string) => `${tag(name, tagName)}/current/link`,
  /** The folder of all that the tag ever named. */
  tagHistory: (name: string, tagName: string) => `${tag(name, tagName)}/index`,
  tagIndex: (name: string, tagName: string, digest: Digest) =>
    `${tag(name, tagName)}/index/${split(digest)}/link`,

  referrers: (name: string, subject: Digest) => `${manifests(name)}/referrers/${split(subject)}`,
  referrer: (name: string, subject: Digest, referrer: Digest) =>
    `${manifests(name)}/referrers/${split(subject)}/${split(referrer)}`,
  referrerLink: (name: string, subject: Digest, referrer: Digest) =>
    `${manifests(name)}/referrers/${split(subject)}/${split(referrer)}/link`,

  uploads: (name: string) => `${repository(name)}/_uploads`,
  upload,
  /** All that is ever in the folder of an upload of ours. */
  uploadNames: ['data', 'startedat', 'state.json'],
  uploadData: (name: string, id: string) => `${upload(name, id)}/data`,
  uploadStarted: (name: string, id: string) => `${upload(name, id)}/startedat`,
  uploadState: (name: string, id: string) => `${upload(name, id)}/state.json`,
} as const
