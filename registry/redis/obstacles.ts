/**
 * Why no connection comes about, asked of the sockets: the client keeps to itself what sentinels and
 * nodes of a cluster say while TLS begins. Nothing they say is trusted, and no secret is told.
 */
import { connect as connectPlainly, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import { type Address, defaultAnswerMs, type RedisOptions } from './options.ts'
import { tlsSettings } from './tls.ts'

export const speaksTls = 'it speaks TLS and nothing else'
export const speaksNoTls = 'it speaks no TLS'

/** The reason that the first of the addresses gives; undefined when none gives one. */
export async function findObstacle(options: RedisOptions): Promise<string | undefined> {
  const look = options.tls ? lookSecurely : lookPlainly
  const found = await Promise.all(options.addresses.map((address) => look(address, options)))
  return found.find((said) => said !== undefined)
}

async function lookSecurely(address: Address, options: RedisOptions): Promise<string | undefined> {
  const { answerMs = defaultAnswerMs } = options
  // It may not like our certificate, and says so after its own part is done: what is silent likes it.
  const heard = await hear(connectSecurely({ ...address, ...tlsSettings(options) }), answerMs)
  if (heard.failure !== undefined || heard.isSecure) return heard.failure
  // Without TLS it waits for the rest of what it takes for a command.
  const { answer = '' } = await hear(connectPlainly(address), answerMs, 'PING\r\n')
  return /^[+-]/.test(answer) ? speaksNoTls : undefined
}

async function lookPlainly(
  address: Address,
  { answerMs = defaultAnswerMs }: RedisOptions,
): Promise<string | undefined> {
  const { failure } = await hear(connectPlainly(address), answerMs / 2)
  if (failure !== undefined) return failure
  // All that is asked is whether there is TLS: it may be anybody's, for it is told nothing.
  const heard = await hear(connectSecurely({ ...address, rejectUnauthorized: false }), answerMs / 2)
  return heard.isSecure || /alert/.test(heard.failure ?? '') ? speaksTls : undefined
}

type Heard = { failure?: string; answer?: string; isSecure: boolean }

/** Waits until it fails, answers or ends, or until the time is up. */
function hear(socket: Socket, limitMs: number, said = ''): Promise<Heard> {
  const { promise, resolve } = Promise.withResolvers<Heard>()
  let isSecure = false
  const end = (heard: Partial<Heard> = {}) => {
    clearTimeout(timer)
    socket.destroy()
    resolve({ isSecure, ...heard })
  }
  const timer = setTimeout(end, limitMs)
  socket
    .once('secureConnect', () => {
      isSecure = true
    })
    .once('data', (bytes) => end({ answer: bytes.toString('latin1') }))
    .on('error', ({ message }) => end({ failure: message }))
    .once('close', () => end())
  if (said) socket.write(said)
  return promise
}
