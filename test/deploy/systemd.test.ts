/** The units for systemd are held to by systemd's own checks, and to what kura needs. */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { loadConfig } from '../../config/load.ts'
import { useCleanup } from '../support/cleanup.ts'
import { describeWith } from '../support/programs.ts'
import { run } from '../support/run.ts'

const root = join(import.meta.dirname, '../..')
const units: [name: string, command: string][] = [
  ['kura.service', 'serve'],
  ['kura-gateway.service', 'gateway'],
  ['kura-worker.service', 'worker'],
]
const textOf = (name: string) => readFileSync(join(root, 'deploy/systemd', name), 'utf8')
const valuesOf = (name: string, key: string) =>
  [...textOf(name).matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value)

/** On a scale of 100: what else `systemd-analyze security` asks for, a registry cannot do without. */
const mostExposed = '22'

describeWith(['systemd-analyze'], 'systemd', () => {
  const cleanup = useCleanup()
  let folder: string

  /** Answers what it says to stdout and stderr; rejects when it says no. */
  const analyze = (...args: string[]) =>
    run('sh', ['-c', 'exec systemd-analyze --no-pager "$@" 2>&1', 'sh', ...args])

  beforeAll(async () => {
    folder = await cleanup.folder()
    for (const [name] of units) {
      await writeFile(join(folder, name), textOf(name).replaceAll('/opt/kura/', `${root}/`))
    }
  })

  it.each(units)('has nothing to say against %s', async (name) => {
    expect(await analyze('verify', '--man=no', join(folder, name))).toBe('')
  })

  it.each(units)('holds %s to be well protected', async (name) => {
    await analyze('security', '--offline=true', `--threshold=${mostExposed}`, join(folder, name))
  })

  it('would say what is wrong', async () => {
    const broken = join(folder, 'broken.service')
    await writeFile(broken, textOf('kura.service').replace('ProtectHome=', 'ProtectHouse='))
    const said = await analyze('verify', '--man=no', broken).catch(String)
    expect(said).toContain('ProtectHouse')
  })
})

describe.each(units)('%s', (name, command) => {
  it('runs its command with the file', () => {
    expect(valuesOf(name, 'ExecStart')).toEqual([
      `/opt/kura/bin/kura ${command} /etc/kura/config.yml`,
    ])
  })

  it('may be told of by the command that tells for kura', () => {
    expect(valuesOf(name, 'Type')).toEqual(['notify'])
    expect(valuesOf(name, 'NotifyAccess')).toEqual(['all'])
  })

  it('gives what is under way longer to end than kura does', async () => {
    const { config } = await loadConfig({ env: {} })
    const [seconds] = valuesOf(name, 'TimeoutStopSec')
    expect(Number(seconds) * 1000).toBeGreaterThan(config.http.draintimeout)
  })

  it('protects as the others do, but for the ports below 1024', () => {
    const protections = (unit: string) =>
      textOf(unit)
        .split('\n')
        .filter((line) =>
          /^(?:No|Protect|Private|Restrict|Lock|SystemCall|MemoryMax|OOM)/.test(line),
        )
    expect(protections(name).length).toBeGreaterThan(15)
    expect(protections(name)).toEqual(protections('kura.service'))
    const ports = command === 'worker' ? '' : 'CAP_NET_BIND_SERVICE'
    expect(valuesOf(name, 'CapabilityBoundingSet')).toEqual([ports])
  })
})
