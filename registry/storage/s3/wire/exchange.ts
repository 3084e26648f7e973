/**
 * One request and its answer over HTTP, within its time. An answer that says that it failed is thrown
 * as the error that the SDK would make of it.
 */
import { type IncomingMessage, type RequestOptions, request as requestPlain } from 'node:http'
import { request as requestEncrypted } from 'node:https'
import type { Socket } from 'node:net'

type Call = {
  isEncrypted: boolean
  body?: Uint8Array | undefined
  signal: AbortSignal | undefined
  connectMs: number
  /** Until the answer is there; for all but `hasBody` until its end. */
  answerMs: number
  /** The body of the answer is read by the caller. */
  hasBody: boolean
  /** Asked when there is a connection, in the step in which the request is written to it. */
  fence?: { check(): void } | undefined
}

/** So much of an error is looked at. */
const longestError = 64 * 1024

export async function exchange(options: RequestOptions, call: Call): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const { signal } = call
  const request = (call.isEncrypted ? requestEncrypted : requestPlain)(options)
  const breakOff = () => request.destroy(signal?.reason)
  const check = () => {
    try {
      call.fence?.check()
    } catch (error) {
      request.destroy(error as Error)
    }
  }
  const late = setTimeout(() => request.destroy(timeout(call.answerMs)), call.answerMs)
  signal?.addEventListener('abort', breakOff)
  request
    .on('close', () => {
      clearTimeout(late)
      signal?.removeEventListener('abort', breakOff)
    })
    .on('error', reject)
    .on('socket', (socket) => {
      limitConnecting(socket, call.connectMs)
      // It may have waited long for one that is free.
      if (socket.connecting) socket.once(call.isEncrypted ? 'secureConnect' : 'connect', check)
      else check()
    })
    .on('response', resolve)
    .end(call.body)

  const answer = await promise
  const { statusCode = 0 } = answer
  // Its reader may not listen yet; a failing answer must not be a failure of the process.
  answer.on('error', () => {})
  if (statusCode >= 300) throw await errorFrom(answer)
  if (!call.hasBody) return answer.resume()
  clearTimeout(late)
  return answer
}

function limitConnecting(socket: Socket, ms: number): void {
  if (!socket.connecting) return
  const timer = setTimeout(() => socket.destroy(timeout(ms)), ms)
  socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
}

function timeout(ms: number): Error {
  const error = new Error(`no answer came within ${ms} ms`)
  return Object.assign(error, { name: 'TimeoutError', code: 'ETIMEDOUT' })
}

async function errorFrom(answer: IncomingMessage): Promise<Error> {
  const { statusCode: httpStatusCode, headers } = answer
  const text = await textOf(answer)
  const found = (tag: string) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(text)?.[1]
  const name = found('Code') ?? (httpStatusCode === 404 ? 'NotFound' : 'Unknown')
  const error = Object.assign(new Error(found('Message') ?? 'UnknownError'), {
    name,
    $metadata: { httpStatusCode, requestId: headers['x-amz-request-id'] },
    Region: found('Region'),
  })
  return Object.defineProperty(error, '$response', { value: { headers } })
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  try {
    for await (const chunk of answer.setEncoding('utf8')) {
      if (text.length < longestError) text += chunk
    }
  } catch {
    // The part that has come tells as much as there is.
  }
  return text
}
