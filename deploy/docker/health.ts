/**
 * Whether the kura of this container answers: ends with 0 or 1, for HEALTHCHECK. It asks where the
 * command line, the file and the variables of the container say that it listens.
 */
import { readFileSync } from 'node:fs'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect } from 'node:net'
import { loadConfig } from '../../config/load.ts'

const patience = 5_000

/** The command line of the container; what starts it may stand before ours. */
const words = readFileSync('/proc/1/cmdline', 'utf8').split('\0')
const path = words.findLast((word) => /\.ya?ml$/.test(word))
const { config } = await loadConfig({ ...(path && { path }), env: process.env })
const { addr, tls } = config.http
const isWorker = words.includes('worker')

const everywhere = ['0.0.0.0', '::', undefined]
const target = isWorker ? config.kura.workers.listen : addr
const place =
  'path' in target
    ? { path: target.path, socketPath: target.path }
    : { ...target, host: everywhere.includes(target.host) ? '127.0.0.1' : target.host }

/** Workers answer gateways only, and these listeners clients with a certificate: open is well. */
const asksForMore = isWorker || (tls?.clientcas.length ?? 0) > 0

function end(problem?: string): never {
  if (problem) process.stdout.write(`${problem}\n`)
  process.exit(problem ? 1 : 0)
}

setTimeout(() => end(`${target.text} did not answer within ${patience} ms`), patience)
if (asksForMore) {
  connect(place, () => end()).on('error', (error) => end(error.message))
} else {
  const request = tls ? requestHttps : requestHttp
  // Ours is the only server that can listen there, and its certificate names another host.
  request({ ...place, path: '/', rejectUnauthorized: false }, ({ statusCode }) =>
    end(statusCode === 200 ? undefined : `${target.text} answered ${statusCode}`),
  )
    .on('error', (error) => end(error.message))
    .end()
}
