/**
 * The kinds of value a setting can have. Every kind reads the text that was written, so a password
 * `0123` stays `0123`, and says in one phrase what it allows: errors and documentation both use it.
 */
import { z } from 'zod'
import { either } from '../documents/words.ts'
import { findTcpAddress } from '../network/address.ts'
import { readDuration, writeDuration } from './duration.ts'

declare module 'zod' {
  interface GlobalMeta {
    /** The allowed values, to follow "must be". */
    allowed?: string
    /** Never shown, neither in messages nor in printed configurations. */
    secret?: boolean
    /** Another name for the same key, as some variables spell it. */
    alias?: string
    /** The children that exclude each other; a bare word stands for the child of that name. */
    oneOf?: readonly string[]
    /** A list that may be written as its only item. */
    single?: boolean
    /** Turns the value back into text, where `String` is not the way. */
    write?: (value: never) => string
  }
}

/** A leaf: `read` answers undefined for text it does not understand. */
export function value<T>(allowed: string, read: (text: string) => T | undefined) {
  const error = `must be ${allowed}`
  return z
    .string({ error })
    .transform((text, context) => {
      const found = read(text)
      if (found !== undefined) return found
      context.addIssue(error)
      return z.NEVER
    })
    .meta({ allowed })
}

export const text = (allowed = 'text') => value(allowed, (written) => written)

export const secret = () => text().meta({ secret: true })

const yes = ['true', 'yes', 'on']
const no = ['false', 'no', 'off']

export const flag = () =>
  value('true or false', (written) => {
    const word = written.toLowerCase()
    return yes.includes(word) || (no.includes(word) ? false : undefined)
  })

export function integer({ min = 0, max = Number.MAX_SAFE_INTEGER } = {}) {
  const from = min === Number.MIN_SAFE_INTEGER ? '' : ` from ${min}`
  const to = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`
  return value(`a whole number${from}${to}`, (written) => {
    const number = /^[+-]?\d+$/.test(written) ? Number(written) : Number.NaN
    return number >= min && number <= max ? number : undefined
  })
}

/** Milliseconds. Where below zero means something (in redis: "never"), `min` lets it through. */
export const duration = ({ min = 0 } = {}) =>
  value('a duration, such as 10s or 1h30m', (written) => {
    const milliseconds = readDuration(written)
    return milliseconds !== undefined && milliseconds >= min ? milliseconds : undefined
  }).meta({ write: writeDuration })

/** One of a few words, in any case. */
export const choice = <const T extends string>(...names: T[]) =>
  value(either(names), (written) => names.find((name) => name === written.toLowerCase()))

export const url = () =>
  value('an http or https URL', (written) =>
    /^https?:\/\/[^/]/i.test(written) && URL.canParse(written) ? written : undefined,
  )

export const addressRule = 'host:port, such as :5000 or 127.0.0.1:5000'

export const asWritten = { write: ({ text }: { text: string }) => text }

export const address = () =>
  value(addressRule, (written) => findTcpAddress(written)).meta(asWritten)

export const list = <T extends z.ZodType>(item: T) =>
  z.array(item, { error: 'must be a list, such as [a, b]' })

export const section = <T extends z.ZodRawShape>(keys: T) =>
  z.object(keys, { error: 'must be a section of keys' })

/** Keys of the user's own choosing. */
export const map = <T extends z.ZodType>(item: T, name: z.ZodString = z.string()) =>
  z.record(name, item, { error: 'must be a map of names to values' })

const headerName = z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'must be named like a header')
const headerValue = () =>
  value('text without line breaks', (written) =>
    /^[\t\x20-\x7e\x80-\xff]*$/.test(written) ? written : undefined,
  )

export const headers = () => map(list(headerValue()).meta({ single: true }), headerName)

/** Settings of a part that kura hands on unread; they may hold passwords, so all are kept hidden. */
export const freeform = () => map(z.unknown().meta({ allowed: 'anything', secret: true }))

/** A rule that is checked even when other keys of the section are wrong, so all is told at once. */
export const always = {
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null,
}

/** A section of which `names` exclude each other; none of them is fine unless `required`. */
export function oneOf<T extends z.ZodObject>(
  keys: T,
  { what, names, required = false }: { what: string; names: string[]; required?: boolean },
) {
  return keys
    .superRefine((written, context) => {
      const found = names.filter((name) => Object.hasOwn(written, name))
      if (found.length === 0 && required) {
        context.addIssue(`must name one ${what}: ${names.join(', ')}`)
      }
      if (found.length < 2) return
      for (const name of found) {
        const others = found.filter((other) => other !== name).join(' and ')
        const message = `must be the only ${what}, but there is ${others} too`
        context.addIssue({ code: 'custom', path: [name], message })
      }
    }, always)
    .meta({ oneOf: names })
}
