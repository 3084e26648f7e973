/**
 * The programs and rights that some tests cannot do without. Where one is missing, its tests are
 * reported as not run, by name and with the reason; where all should be there, that is a failure.
 */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, it } from '@jest/globals'

const needs = {
  docker: isInstalled,
  dockerd: isInstalled,
  'docker-compose': isInstalled,
  containerd: isInstalled,
  ctr: isInstalled,
  oras: isInstalled,
  cosign: isInstalled,
  crane: isInstalled,
  podman: isInstalled,
  buildah: isInstalled,
  pebble: isInstalled,
  skopeo: isInstalled,
  'docker-registry': isInstalled,
  'redis-server': isInstalled,
  'redis-sentinel': isInstalled,
  radosgw: isInstalled,
  'ceph-mon': isInstalled,
  'ceph-osd': isInstalled,
  setpriv: isInstalled,
  haproxy: isInstalled,
  nginx: isInstalled,
  helm: isInstalled,
  ip: isInstalled,
  unshare: isInstalled,
  perl: isInstalled,
  'systemd-analyze': isInstalled,
  'systemd-notify': isInstalled,
  root: () => (process.getuid?.() === 0 ? undefined : 'this user is not root'),
  linux: () => (process.platform === 'linux' ? undefined : 'this is not Linux'),
} satisfies Record<string, (name: string) => string | undefined>

export type Need = keyof typeof needs

/** A `describe` for tests that need something which not every machine has. */
export function describeWith(names: Need[], title: string, tests: () => void): void {
  const [missing] = names.map((name) => needs[name](name)).filter(Boolean)
  if (!missing) {
    describe(title, tests)
    return
  }
  const report = mustHaveAll() ? it : it.skip
  report(`${title}: not run, ${missing}`, () => {
    throw new Error(`${missing}; test/setup.sh installs what the tests need`)
  })
}

function isInstalled(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  // Where Debian keeps what only root starts; not every user has these in the path.
  const all = [...folders, '/usr/sbin', '/sbin']
  return all.some((folder) => existsSync(join(folder, name)))
    ? undefined
    : `${name} is not installed`
}

/** A build machine on which test/setup.sh could install everything: Helm it has for amd64 alone. */
function mustHaveAll(): boolean {
  const isRoot = process.getuid?.() === 0
  const isDebian = process.arch === 'x64' && existsSync('/etc/debian_version')
  return process.env.CI === 'true' && isRoot && isDebian
}
