/** `http.secret`: what hangs on it, and how long it has to be for that. */
import { randomBytes } from 'node:crypto'
import type { Config } from '../config/schema.ts'

/** In characters, for each of the things that hang on it. */
export const shortestSecret = {
  /** Too short to be a secret: somebody could find it by trying. */
  requests: 16,
  /**
   * Strangers may fetch the public keys and then try secrets on a machine of their own, where nothing
   * slows them down. The secrets that examples for other registries show are shorter than this.
   */
  tokens: 32,
}

/**
 * What signs the states of uploads that clients carry. They see the signature, and whoever could make
 * one would have any blob as theirs: a secret that may be guessed is not used for it. Where processes
 * then have none in common, Redis alone tells them of uploads.
 */
export function findUploadSecret({ http }: Pick<Config, 'http'>, given: string): string {
  const good = [http.secret, given].find((it = '') => it.length >= shortestSecret.tokens)
  return good ?? randomBytes(32).toString('base64url')
}
