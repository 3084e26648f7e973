/** How an event reads: `ann pushed team/app:v1 sha256:… 3 layers 12 MB 1.2 s`. */
import { STATUS_CODES } from 'node:http'
import { sizeText } from '../../documents/sizes.ts'
import type { Pushed } from '../../registry/protocol/call.ts'
import { safeName } from '../access/safe-name.ts'
import { withoutSecrets } from './redact.ts'

const plainName = /^[\p{L}\p{N}._@:+/-]+$/u

/** A name that is no plain word stands in quotes: it could tell of another event. */
export function userText(name: string | undefined): string {
  if (name === undefined) return 'anonymous'
  const safe = safeName(name)
  return plainName.test(safe) || safe.startsWith('(') ? safe : JSON.stringify(safe)
}

export function imageText(repository: string, reference: string): string {
  if (reference === '') return repository
  return `${repository}${reference.includes(':') ? '@' : ':'}${withoutSecrets(reference)}`
}

/** An index is told by its platforms; attestations and the like have none. */
export function contentText({ images, platforms, layers, bytes }: Pushed): string {
  if (platforms) return counted(platforms, 'platform')
  if (images !== undefined) return counted(images, 'image')
  const size = bytes === undefined ? '' : ` ${sizeText(bytes)}`
  return `${counted(layers ?? 0, 'layer')}${size}`
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

export function timeText(ms: number): string {
  const seconds = Math.max(ms, 0) / 1000
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
}

export const statusText = (status: number) => `${status} ${STATUS_CODES[status] ?? ''}`.trim()
