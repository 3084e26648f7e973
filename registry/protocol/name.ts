/** Repository names and tags, as "Pulling manifests" of the distribution specification allows them. */
import { RegistryError } from './errors.ts'

declare const checked: unique symbol

export type Repository = string & { readonly [checked]: 'repository' }
export type Tag = string & { readonly [checked]: 'tag' }

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const repositoryPattern = new RegExp(`^${component}(?:/${component})*$`)

/**
 * registry:2 and :3 take the name of a host before the path, upper case and all, so their volumes hold
 * `MyOrg/app`. A host with a port is none of them: the colon cannot be stored.
 */
const hostPart = '[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*'
export const host = `${hostPart}(?:\\.${hostPart})*`
const oldPattern = new RegExp(`^${host}(?:/${component})+$`)

const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

/** Clients refuse longer names, so a longer one could be pushed and never be pulled. */
const longestRepository = 255

/** Whether a new repository may be called so. */
export function isRepository(text: string): text is Repository {
  return text.length <= longestRepository && repositoryPattern.test(text)
}

/**
 * Throws `badName` unless `text` is the name of a repository that may be here: a name that is no good
 * for a new one is good for one that some earlier registry made.
 */
export function parseAnyRepository(text: string): Repository {
  if (text.length <= longestRepository && oldPattern.test(text)) return text as Repository
  return parseRepository(text)
}

/** Throws `badName` unless a new repository may be called so. */
export function parseRepository(text: string): Repository {
  if (isRepository(text)) return text
  throw new RegistryError('badName', {
    detail: {
      found: text.slice(0, longestRepository),
      allowed: `at most ${longestRepository} of a-z, 0-9, and single . _ __ - between them; parts joined by /`,
    },
  })
}

export function isTag(text: string): text is Tag {
  return tagPattern.test(text)
}

/** Throws `badTag` unless `text` is a tag. */
export function parseTag(text: string): Tag {
  if (isTag(text)) return text
  throw new RegistryError('badTag', {
    detail: {
      found: text.slice(0, 200),
      allowed: '1 to 128 of a-z, A-Z, 0-9, _ . and -, not beginning with . or -',
    },
  })
}
