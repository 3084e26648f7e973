/** The programs that a plan needs, so that a missing one is named before anything is measured. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Arguments } from './arguments.ts'

type Chosen = Pick<Arguments, 'peers' | 'settings' | 'scenarios'>

/** A program, its package in Debian, and which plans need it. */
const needs: [program: string, debian: string, isNeeded: (plan: Chosen) => boolean][] = [
  ['docker-registry', 'docker-registry', ({ peers }) => peers.includes('docker-registry')],
  ['wrk', 'wrk', ({ scenarios }) => scenarios.includes('manifest')],
  ['openssl', 'openssl', ({ settings }) => settings.includes('tls')],
  [
    'nginx',
    'nginx-light',
    ({ settings, peers }) => settings.includes('tls') && peers.includes('docker-registry'),
  ],
  ['ceph', 'ceph-common', ({ settings }) => settings.includes('s3')],
  ['ceph-mon', 'ceph-mon', ({ settings }) => settings.includes('s3')],
  ['ceph-osd', 'ceph-osd', ({ settings }) => settings.includes('s3')],
  ['redis-server', 'redis-server', ({ settings }) => settings.includes('s3')],
  ['radosgw', 'radosgw', ({ settings }) => settings.includes('s3')],
]

/** Throws with the packages to install. `folders` is where programs are looked for. */
export function requirePrograms(plan: Chosen, folders: readonly string[]): void {
  const isThere = (name: string) => folders.some((folder) => existsSync(join(folder, name)))
  const missing = needs.filter(([name, , isNeeded]) => isNeeded(plan) && !isThere(name))
  if (missing.length === 0) return

  const names = missing.map(([name]) => name).join(', ')
  const packages = missing.map(([, debian]) => debian).join(' ')
  throw new Error(`not installed: ${names}; Debian has them: apt-get install ${packages}`)
}
