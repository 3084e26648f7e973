/** A first connection, or the reason why there is none. */
import type { Client } from './client.ts'
import { reasonOf } from './guard.ts'
import { findObstacle } from './obstacles.ts'
import { defaultAnswerMs, defaultConnectMs, type RedisOptions } from './options.ts'
import { saysLittle } from './problems.ts'

type Errors = ReturnType<typeof watchErrors>

/** Resolves once commands can be sent. Rejects with the most telling reason why they cannot. */
export async function connect(client: Client, options: RedisOptions, errors: Errors) {
  const { connectMs = defaultConnectMs, answerMs = defaultAnswerMs } = options
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const fail = () => reject(new Error(errors.last()))
  // A first connection is one connection or more, and some questions on it.
  const expire = () => reject(new Error(errors.last() ?? 'no answer'))
  const timer = setTimeout(expire, 2 * (connectMs + answerMs))
  client.once('error', fail)
  client.once('ready', resolve)
  client.connect().catch(() => {})
  try {
    await promise
  } catch (error) {
    if (!saysLittle(reasonOf(error))) throw error
    throw new Error((await findObstacle(options)) ?? reasonOf(error))
  } finally {
    clearTimeout(timer)
    client.off('error', fail)
    client.off('ready', resolve)
  }
}

/** The last fault of the connection, in the most telling words: of a sentinel, a server or the client. */
export function watchErrors(client: Client) {
  let last: string | undefined
  let ofSentinel: string | undefined
  const forget = () => {
    last = undefined
  }
  const learn = (error: unknown) => {
    const reason = reasonOf(error)
    const said = reason.startsWith('All sentinels') ? (ofSentinel ?? reason) : reason
    if (last === undefined || !saysLittle(said)) last = said
  }
  client.on('sentinelError', (error: Error) => {
    ofSentinel = error.message
  })
  client.on('error', learn)
  // Of one server of a cluster: the others may do, and the client goes on by itself.
  client.on('node error', learn)
  client.on('ready', forget)
  return { last: () => last, forget }
}
