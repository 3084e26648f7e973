/**
 * Brings node_modules to what package-lock.json says, and does nothing when it is there already:
 * `node bin/install.mjs` for running kura, with `--development` for working on it. Plain JavaScript
 * without dependencies, because it runs before there are any, on the oldest Node that npm itself has.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('..', import.meta.url))
const modules = join(folder, 'node_modules')
const runtime = join(modules, '.bin/node')
const oldest = 24

/** Where the lock file brings a Node of its own; elsewhere the system's has to do. */
const hasRuntime = ['linux-x64', 'linux-arm64', 'darwin-arm64'].includes(
  `${process.platform}-${process.arch}`,
)
const running = 'KURA_INSTALLING'

if (!process.env[running]) install(process.argv.includes('--development'))

function install(development) {
  const installed = readPackages(join(modules, '.package-lock.json'))
  if (!isComplete(installed, development)) {
    // Whoever has the development tools keeps them.
    const everything = development || Object.values(installed).some((it) => it.dev)
    runNpm(['ci', '--include=optional', everything ? '--include=dev' : '--omit=dev'])
  }
  checkRuntime()
}

/** npm leaves a lock file of what it installed; it writes it last, so a broken install has none. */
function isComplete(installed, development) {
  if (hasRuntime && !existsSync(runtime)) return false
  return Object.entries(readPackages(join(folder, 'package-lock.json'))).every(([path, wanted]) => {
    if (path === '' || (wanted.dev && !development)) return true
    const found = installed[path]
    // An optional package may be for another platform.
    if (!found) return Boolean(wanted.optional || wanted.devOptional)
    return found.version === wanted.version && found.integrity === wanted.integrity
  })
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {}
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return {}
    throw error
  }
}

function runNpm(args) {
  process.stderr.write(`kura: installing its dependencies (npm ${args.join(' ')})\n`)
  const [command, ...before] = findNpm()
  const { status, error } = spawnSync(command, [...before, ...args], {
    cwd: folder,
    env: environment(),
    // The output of the server and of the tests begins after this; theirs is stdout.
    stdio: ['ignore', 2, 2],
  })
  if (error) fail(`npm could not be started (${error.message}): install npm`)
  if (status !== 0) fail('npm could not install the dependencies; its reason is above')
}

/** The npm that runs us, if one does: a yarn or a pnpm would go by another lock file. */
function findNpm() {
  const { npm_execpath: program = '', npm_node_execpath: node } = process.env
  return basename(program) === 'npm-cli.js' ? [node ?? process.execPath, program] : ['npm']
}

/** What an npm tells its scripts of itself is wrong for the npm that we start. */
const told = /^npm_(?:lifecycle_|package_|command$|config_(?:global|prefix|local_prefix|location)$)/
const chosen = /^(?:npm_config_(?:omit|include|only|production|optional|dry_run|.*workspaces?))$/

function environment() {
  const kept = Object.entries(process.env).filter(([key]) => !told.test(key) && !chosen.test(key))
  const path = (process.env.PATH ?? '').split(delimiter).filter((it) => !isOurs(it))
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter), [running]: '1' }
}

/** npm puts this folder first, and then removes it: nothing it starts meanwhile may depend on it. */
function isOurs(path) {
  return path === join(modules, '.bin')
}

function checkRuntime() {
  if (hasRuntime) {
    if (!existsSync(runtime))
      fail(`npm installed no Node in ${runtime}: remove node_modules, retry`)
    return
  }
  const platform = `${process.platform} on ${process.arch}`
  if (Number.parseInt(process.versions.node, 10) >= oldest) return
  fail(
    `no Node comes along for ${platform}: install Node ${oldest} or newer, this is ${process.version}`,
  )
}

function fail(reason) {
  process.stderr.write(`kura: ${reason}\n`)
  process.exit(1)
}
