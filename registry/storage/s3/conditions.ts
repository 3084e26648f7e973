/**
 * Changes of an object that the service makes only where the object is what it was found to be. So a request
 * that arrives late, after its sender has lost its lease, changes nothing.
 *
 * Not every service has such changes. One that says so hears the request once more without its condition,
 * and from then on at once. One that passes over the condition needs no care: its answer is the same.
 */
import type { Call, Version } from '../driver.ts'
import type { S3Bucket } from './bucket.ts'
import { isElsewise, isNotUnderstood } from './errors.ts'
import type { Wanted } from './wire/sender.ts'
import type { Kind } from './wire/shape.ts'

type Headers = Record<string, string>

export function createConditions(bucket: S3Bucket) {
  const unconditional = new Set<Kind>()

  return {
    replace: (path: string, body: Uint8Array, call: Call & { over: Version | undefined }) =>
      change('PutObject', { ...wanted(path, call), body }, headersFor(call.over)),

    removeVersion: (path: string, call: Call & { version: Version }) =>
      change('DeleteObject', wanted(path, call), headersFor(call.version)),
  }

  function wanted(path: string, { signal, fence }: Call): Wanted {
    return { key: bucket.key(path), signal, fence }
  }

  /**
   * Each condition is another spelling of the same, so the change is made if one of them holds. A service
   * that has compared one of them has conditions, though it may refuse another spelling.
   */
  async function change(kind: Kind, request: Wanted, conditions: Headers[]): Promise<boolean> {
    if (conditions.length === 0 || unconditional.has(kind)) return changeAnyway(kind, request)
    let isCompared = false
    for (const headers of conditions) {
      const answer = await ask(kind, { ...request, headers })
      if (answer === 'done') return true
      isCompared ||= answer === 'elsewise'
    }
    if (isCompared) return false
    await changeAnyway(kind, request)
    // Only now it is sure that it was the condition.
    unconditional.add(kind)
    return true
  }

  async function changeAnyway(kind: Kind, request: Wanted): Promise<true> {
    await bucket.send.quick(kind, request)
    return true
  }

  async function ask(kind: Kind, request: Wanted) {
    try {
      await bucket.send.quick(kind, request)
      return 'done'
    } catch (error) {
      if (isElsewise(error)) return 'elsewise'
      if (isNotUnderstood(error)) return 'notUnderstood'
      throw error
    }
  }
}

/**
 * HTTP has quotes around a version, Ceph up to version 18 compares what stands between them. A service that
 * tells no version cannot be asked for one.
 */
function headersFor(version: Version | undefined): Headers[] {
  if (version === undefined) return [{ 'if-none-match': '*' }]
  if (version === '') return []
  return [{ 'if-match': version }, { 'if-match': version.replace(/^"|"$/g, '') }]
}
