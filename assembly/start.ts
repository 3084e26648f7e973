/**
 * Starts `kura serve`, `kura gateway` and `kura worker`: from the configuration to the processes that
 * answer. They differ in the roles of their processes; the tables say how.
 */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Loaded, loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import type { Environment } from '../config/variables/environment.ts'
import { createLog } from '../gateway/log/log.ts'
import { openOutput } from '../gateway/log/output.ts'
import { type Ask, answerBy } from '../supervisor/asking.ts'
import { takeForeignLines } from '../supervisor/foreign-lines.ts'
import { collectNotices, sendNotices } from '../supervisor/notices.ts'
import { createServiceManager } from '../supervisor/service-manager.ts'
import { supervise } from '../supervisor/supervise.ts'
import type { Running } from '../supervisor/supervised.ts'
import { type FirstEntrance, openFirstEntrance } from './accounts/first-account.ts'
import { refuseImpossible, warningsOf } from './checks/checks.ts'
import type { Command } from './checks/config-refusals.ts'
import { ownName } from './messages/own-name.ts'
import { findReach, type Reach } from './messages/reach.ts'
import { welcome } from './messages/welcome.ts'
import type { Given, Logs } from './processes/shared.ts'
import { answerEvents } from './processes/shared-events.ts'
import { answerGuesses } from './processes/shared-guesses.ts'

export type Options = {
  command: Command
  path: string | undefined
  env: Environment
  version: string
  /** Over what the configuration says. */
  workers?: number | undefined
}

type Role = 'whole' | 'gateway' | 'worker'

type Start = (config: Config, logs: Logs, given: Given, ask: Ask) => Promise<Running>

/** Loaded where they run: the supervisor, which is none of them, starts sooner and stays smaller. */
const starts: Record<Role, () => Promise<Start>> = {
  whole: async () => (await import('./processes/whole.ts')).startWhole,
  gateway: async () => (await import('./processes/proxied.ts')).startProxied,
  worker: async () => (await import('./processes/worker.ts')).startWorker,
}

export async function serve(options: Options): Promise<void> {
  const loaded = await load(options)
  const { config } = loaded
  const { version } = options
  const brief = !isLogConfigured(loaded)
  const fields = brief ? {} : { ...config.log.fields, version }
  const output = openOutput(2)
  const log = createLog({ ...config.log, fields }, output)
  const notices = createLog({ ...config.log, fields }, sendNotices(output))
  takeForeignLines(notices)
  const collected = collectNotices({ output })
  const manager = createServiceManager(options.env, { report: (reason) => log.warn(reason) })
  let entrance: FirstEntrance | undefined
  let reach: Reach | undefined

  await supervise<Given>({
    roles: rolesOf(options.command, config),
    log: notices,
    drainMs: config.http.draintimeout,
    async prepare() {
      const { protection } = loaded
      if (protection && options.command !== 'worker') entrance = await openFirstEntrance(protection)
      const isFirstTry = !options.path && !options.env.REGISTRY_CONFIGURATION_PATH
      const isGreeted = entrance || (isFirstTry && options.command === 'serve')
      if (isGreeted) reach = await findReach(config)
      return givenTo(options.command, config)
    },
    start: async (role, given, ask) =>
      (await starts[role as Role]())(config, { log, notices }, { ...given, brief }, ask),
    answer: answerBy({ guesses: answerGuesses(), events: answerEvents() }),
    notice: collected.take,
    onReady() {
      for (const warning of warningsOf(options.command, loaded)) log.warn(warning)
      const { kura, http } = config
      const { text } = options.command === 'worker' ? kura.workers.listen : http.addr
      log.info(`listening on ${text}`)
      if (reach) {
        process.stdout.write(welcome(config, { version, kura: ownName(), reach, entrance }))
      }
      entrance?.keep()
      manager.ready()
    },
    async check() {
      const warnings = warningsOf(options.command, await load(options))
      for (const warning of warnings) log.warn(warning)
      collected.forget()
    },
    onChange: (change) => void manager[change === 'reloaded' ? 'ready' : change](),
  })
}

async function load({ command, path, env, workers }: Options): Promise<Loaded> {
  const loaded = await loadConfig({ ...(path && { path }), env })
  if (workers !== undefined) loaded.config.kura.workers.count = workers
  refuseImpossible(command, loaded)
  return loaded
}

/** In the file or by a variable: then the lines are those of distribution. A level alone only says how many. */
function isLogConfigured({ origins }: Loaded): boolean {
  return [...origins.keys()].some((key) => key.startsWith('log.') && key !== 'log.level')
}

function rolesOf(command: Command, config: Config): { role: Role; processes: number }[] {
  const { processes: wanted, workers } = config.kura
  const processes = wanted ?? availableParallelism()
  if (command !== 'serve') return [{ role: command, processes }]
  // Content in the memory of one process cannot be served by several.
  if (!workers.count) return [{ role: 'whole', processes: config.storage.inmemory ? 1 : processes }]
  return [
    { role: 'worker', processes: workers.count },
    { role: 'gateway', processes },
  ]
}

/** A pool on one machine has a secret that nobody else knows. */
async function givenTo(command: Command, config: Config): Promise<Given> {
  const folder = await mkdtemp(join(tmpdir(), 'kura-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const key = randomBytes(32).toString('base64url')
  if (command !== 'serve') return { folder, key, secret: config.http.secret ?? '' }
  const secret = randomBytes(32).toString('base64url')
  const given = { folder, key, secret }
  return config.kura.workers.count ? { ...given, sockets: folder } : given
}
