/** What the source of a body fails with is no failure of the registry, so it is thrown as it is. */
import { Readable } from 'node:stream'

export type Body = Uint8Array | string | AsyncIterable<Uint8Array>

export function watch(body: Body | undefined) {
  let failure: { cause: unknown } | undefined
  const source = {
    throwIfFailed(): void {
      if (failure) throw failure.cause
    },
    /** A request that failed early has not begun to read it. */
    end: () => void (body instanceof Readable && body.destroy()),
  }
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    return { body, source }
  }

  async function* read(from: AsyncIterable<Uint8Array>) {
    try {
      yield* from
    } catch (cause) {
      failure = { cause }
      throw cause
    }
  }
  return { body: read(body), source }
}
