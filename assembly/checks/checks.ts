/** Checks of a configuration before anything starts: problems stop the start, warnings do not. */
import type { Loaded } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { findUnsupported } from '../../config/support.ts'
import { isLoopbackName } from '../messages/reach.ts'
import { isPlaceholder, shortestSecret } from '../shared-secret.ts'
import { sharingWarnings, urlWarnings } from '../storage.ts'
import { findKeySecret, findTokenFolder } from '../tokens/keys.ts'
import { type Command, refusalsOf } from './config-refusals.ts'

/** Each says what is wrong and what to set; undefined where nothing is. */
type Check = (loaded: Loaded, command: Command) => string | undefined

const checks: Check[] = [
  ({ config: { http } }, command) =>
    command !== 'serve' && (http.secret ?? '').length < shortestSecret && !shownSecret(http.secret)
      ? `http.secret (REGISTRY_HTTP_SECRET) must be set to the same ${shortestSecret} characters or more for all gateways and workers: requests between them are signed with it`
      : undefined,
  ({ config: { http }, origins }, command) =>
    command !== 'serve' && shownSecret(http.secret)
      ? `http.secret (${origins.get('http.secret')}) is what an example shows; it must be ${shortestSecret} random characters or more, such as openssl rand -hex 32 prints: requests between gateways and workers are signed with it`
      : undefined,
  ({ config: { kura } }, command) =>
    command === 'gateway' && kura.workers.addresses.length === 0
      ? 'kura.workers.addresses (REGISTRY_KURA_WORKERS_ADDRESSES) must say where the workers are'
      : undefined,
  ({ config: { storage, kura } }, command) =>
    storage.inmemory && (command !== 'serve' || kura.workers.count)
      ? 'storage.inmemory is the memory of one process: workers need a storage that they share'
      : undefined,
  ({ config }, command) =>
    config.kura.tokens.refresh && command !== 'worker' && findTokenFolder(config) === undefined
      ? 'kura.tokens.refresh needs kura.tokens.folder (REGISTRY_KURA_TOKENS_FOLDER), a folder that all gateways share: sessions are on record there, so that they can be ended'
      : undefined,
]

const shownSecret = (secret: string | undefined) => secret !== undefined && isPlaceholder(secret)

/** The problems that show without opening anything. */
export function findProblems(command: Command, loaded: Loaded): string[] {
  const unsupported = findUnsupported(loaded.origins).filter((it) => it.fatal)
  return [
    ...loaded.problems,
    ...unsupported.map((it) => it.message),
    ...checks.map((check) => check(loaded, command)).filter((it) => it !== undefined),
    ...(unsupported.length > 0 ? [] : refusalsOf(loaded.config, command)),
  ]
}

/** Throws with one line for each thing that is wrong. */
export function refuseImpossible(command: Command, loaded: Loaded): void {
  const problems = findProblems(command, loaded)
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

export function warningsOf(command: Command, { warnings, origins, config }: Loaded): string[] {
  const missing = findUnsupported(origins).map((it) => it.message)
  const alone = sharingWarnings(config)
  const passing = keepsNoKeys(config) ? [noKeys] : []
  const urls = isLoopback(config) ? [] : urlWarnings(config)
  const shown =
    command === 'serve' && shownSecret(config.http.secret)
      ? [`http.secret (${origins.get('http.secret')}) is what an example shows, so it is not used`]
      : []
  const open = command === 'worker' ? [] : entranceWarnings(config)
  return [...warnings, ...missing, ...shown, ...open, ...alone, ...passing, ...urls]
}

/** How clients get in is the gateway's affair. */
function entranceWarnings(config: Config): string[] {
  const { http, kura } = config
  if (kura.policies !== undefined) return knowsUsers(config) ? [] : [onlyStrangers]
  if (keepsStrangersOut(config)) return []
  // On this machine, too: its other users, a proxy and a page in a browser all reach it.
  return [`${http.addr.text} is open: everyone who reaches it may do everything`]
}

const onlyStrangers =
  'kura.policies is set and nobody can sign in: only what rules allow anonymous or * is allowed; set auth.htpasswd to a file of users, or auth.token'

function keepsNoKeys(config: Config): boolean {
  const kept = findTokenFolder(config) ?? findKeySecret(config)
  return config.auth?.htpasswd !== undefined && kept === undefined
}

const noKeys = `tokens are good on this machine only, and until kura stops: set http.secret to ${shortestSecret} random characters or more, or kura.tokens.folder to a folder, the same for all machines`

/** Client certificates name their users too. */
function knowsUsers({ auth, http }: Config): boolean {
  const certificates = http.tls?.clientcas.length ?? 0
  return auth?.htpasswd !== undefined || auth?.token !== undefined || certificates > 0
}

function keepsStrangersOut(config: Config): boolean {
  const { auth, http } = config
  const letsIn = auth?.htpasswd === undefined && auth?.token === undefined
  return (
    knowsUsers(config) && (!letsIn || http.tls?.clientauth === 'require-and-verify-client-cert')
  )
}

function isLoopback({ http }: Config): boolean {
  return 'path' in http.addr || isLoopbackName(http.addr.host ?? '')
}
