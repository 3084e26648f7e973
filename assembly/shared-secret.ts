/** `http.secret`: what hangs on it, how long it has to be for that, and what is no secret at all. */
import { randomBytes } from 'node:crypto'
import type { Config } from '../config/schema.ts'

/**
 * In characters. Strangers may fetch the public keys that are made of it and then try secrets on a
 * machine of their own, where nothing slows them down. The secrets that examples for other registries
 * show are shorter than this.
 */
export const shortestSecret = 32

/** The secrets of examples: everybody knows them, however long they are. */
const placeholders = [
  /^put-.*-here$/i,
  /change.?(?:me|it|this)|replace.?(?:me|it|this)/i,
  // Nothing but words that say what should stand there.
  /^(?:(?:put|an?|the|my|your|some|very|long|random|shared|top|super|http|registry|kura|example|test|secret|key|value|string|characters?|here|\d)[-_ .]?)+$/i,
  /^asecretforlocaldevelopment$/,
  // A variable or a command that nothing has filled in.
  /^<.*>$|^\$\{?\w+\}?$|^\$\(.*\)$/,
  // The same again and again is as short as its first part.
  /^(.{1,16})\1+$/,
]

export const isPlaceholder = (secret: string) => placeholders.some((it) => it.test(secret))

/** Whether gateways, workers, uploads and token keys may rest on `secret`. */
const isGood = (secret = '') => secret.length >= shortestSecret && !isPlaceholder(secret)

/** `http.secret` where it is one that nobody could guess. */
export function findSharedSecret({ http }: Pick<Config, 'http'>): string | undefined {
  return isGood(http.secret) ? http.secret : undefined
}

/**
 * The secret that signs the states of uploads that clients carry. Clients see the signature, and a forged
 * one would make any blob theirs, so a secret that may be guessed is not used. Processes without a common
 * secret know of each other's uploads by Redis alone.
 */
export function findUploadSecret(config: Pick<Config, 'http'>, given: string): string {
  return findSharedSecret(config) ?? (isGood(given) ? given : randomBytes(32).toString('base64url'))
}
