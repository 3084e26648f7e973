/** Conditional requests (RFC 9110, 13) on content whose validator is its digest. */
import type { Digest } from './digest.ts'

/** How a digest is written as an entity tag. */
export function entityTag(digest: Digest): string {
  return `"${digest}"`
}

/** Whether a header such as `If-None-Match` names `digest`: quoted, weak, bare, in a list, or `*`. */
export function hasDigest(header: string, digest: Digest): boolean {
  return header
    .split(',')
    .map((tag) =>
      tag
        .trim()
        .replace(/^W\//, '')
        .replace(/^"(.*)"$/, '$1'),
    )
    .some((tag) => tag === digest || tag === '*')
}
