/** What is looked at before anything starts: what cannot work is refused, what may surprise is said. */
import type { Loaded } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { findUnsupported } from '../config/support.ts'
import type { Command } from './serve.ts'
import { shortestSecret } from './shared-secret.ts'
import { urlWarnings } from './storage.ts'
import { findKeySecret, findTokenFolder } from './token-keys.ts'

/** Each says what is wrong and what to set; undefined where nothing is. */
type Check = (config: Config, command: Command) => string | undefined

const checks: Check[] = [
  ({ http }, command) =>
    command !== 'serve' && (http.secret?.length ?? 0) < shortestSecret.requests
      ? `http.secret (REGISTRY_HTTP_SECRET) must be set to the same ${shortestSecret.requests} characters or more for all gateways and workers: requests between them are signed with it`
      : undefined,
  ({ kura }, command) =>
    command === 'gateway' && kura.workers.addresses.length === 0
      ? 'kura.workers.addresses (REGISTRY_KURA_WORKERS_ADDRESSES) must say where the workers are'
      : undefined,
  ({ storage, kura }, command) =>
    storage.inmemory && (command !== 'serve' || kura.workers.count)
      ? 'storage.inmemory is the memory of one process: workers need a storage that they share'
      : undefined,
  (config, command) =>
    config.kura.tokens.refresh && command !== 'worker' && findTokenFolder(config) === undefined
      ? 'kura.tokens.refresh needs kura.tokens.folder (REGISTRY_KURA_TOKENS_FOLDER), a folder that all gateways share: sessions are on record there, so that they can be ended'
      : undefined,
]

/** Throws with one line for each thing that is wrong. */
export function refuseImpossible(command: Command, { config, origins }: Loaded): void {
  const unsupported = findUnsupported(origins).filter((it) => it.fatal)
  const problems = [
    ...unsupported.map((it) => it.message),
    ...checks.map((check) => check(config, command)).filter((it) => it !== undefined),
  ]
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

export function warningsOf({ warnings, origins, config }: Loaded): string[] {
  const missing = findUnsupported(origins).map((it) => it.message)
  const open =
    isLoopback(config) || needsLogin(config)
      ? []
      : [`${config.http.addr} is open: whoever reaches it may do everything`]
  const alone = config.storage.s3 && !config.redis ? [onlyOneMachine] : []
  const passing = keepsNoKeys(config) ? [noKeys] : []
  const urls = isLoopback(config) ? [] : urlWarnings(config)
  return [...warnings, ...missing, ...open, ...alone, ...passing, ...urls]
}

function keepsNoKeys(config: Config): boolean {
  const kept = findTokenFolder(config) ?? findKeySecret(config)
  return config.auth?.htpasswd !== undefined && kept === undefined
}

const noKeys = `tokens are good on this machine only, and until kura stops: set http.secret to ${shortestSecret.tokens} random characters or more, or kura.tokens.folder to a folder, the same for all machines`

const onlyOneMachine =
  'storage.s3 without redis: no other machine may serve this bucket; set redis.addrs to share it'

function needsLogin({ auth, kura }: Config): boolean {
  return auth?.htpasswd !== undefined || auth?.token !== undefined || kura.policies !== undefined
}

function isLoopback({ http }: Config): boolean {
  return http.net === 'unix' || /^(?:127\.|localhost:|\[::1\]:)/.test(http.addr)
}
