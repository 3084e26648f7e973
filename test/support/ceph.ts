/**
 * A real S3 service on loopback: Ceph's RADOS gateway over one monitor and one object store that lives
 * in memory. Its processes die with the one that started them, however that ends.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'
import { findFreePort } from './ports.ts'
import { run } from './run.ts'
import { startService } from './service.ts'

export type Ceph = Awaited<ReturnType<typeof startCeph>>

export const cephKeys = { accesskey: 'test-access', secretkey: 'test-secret' }

/** All that is ever stored, removed or not, has to fit. */
const memory = 3 * 1024 ** 3

export async function startCeph(cleanup: Cleanup) {
  const folder = await cleanup.folder()
  const [monitorPort, port] = [await findFreePort(), await findFreePort()]
  const monitor = `[v2:127.0.0.1:${monitorPort}]`
  const [cluster, store] = [randomUUID(), randomUUID()]
  const conf = join(folder, 'ceph.conf')
  const keyring = join(folder, 'keyring')
  const of = (command: string, ...args: string[]) => run(command, ['-c', conf, ...args])
  // The kernel ends it with us, so that not even a test that is killed leaves it behind.
  const daemon = async (command: string, ready: RegExp, ...args: string[]) => {
    const own = ['--pdeathsig', 'KILL', command, '-c', conf, '-d', ...args]
    const service = await startService({ command: 'setpriv', args: own, env, ready })
    cleanup.add(service.killAll)
  }

  for (const name of ['mon', 'osd', 'run']) await mkdir(join(folder, name))
  await writeFile(conf, configuration({ folder, cluster, monitor, port }))
  const all = ['mon', 'osd', 'mgr'].flatMap((name) => ['--cap', name, 'allow *'])
  const makeKey = (name: string, caps: string[]) =>
    run('ceph-authtool', [keyring, '--gen-key', '-n', name, ...caps])
  await run('ceph-authtool', ['--create-keyring', keyring])
  await makeKey('mon.', ['--cap', 'mon', 'allow *'])
  for (const name of ['client.admin', 'osd.0']) await makeKey(name, all)
  const map = join(folder, 'monmap')
  await run('monmaptool', ['--create', '--addv', 'a', monitor, '--fsid', cluster, map])

  await of('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--keyring', keyring)
  await daemon('ceph-mon', /./, '-i', 'a')
  await of('ceph', 'osd', 'new', store)
  await of('ceph-osd', '--mkfs', '-i', '0', '--osd-uuid', store)
  await daemon('ceph-osd', /./, '-i', '0')
  await daemon('radosgw', /starting handler: beast/, '-n', 'client.admin')
  const keys = ['--access-key', cephKeys.accesskey, '--secret', cephKeys.secretkey]
  const user = ['--uid=registry', '--display-name=registry']
  await of('radosgw-admin', 'user', 'create', ...user, ...keys)

  return { port, endpoint: `http://127.0.0.1:${port}` }
}

const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, HOME: '/nonexistent' }

type Place = { folder: string; cluster: string; monitor: string; port: number }

function configuration({ folder, cluster, monitor, port }: Place): string {
  const settings = {
    fsid: cluster,
    'mon initial members': 'a',
    'mon host': monitor,
    'public network': '127.0.0.0/8',
    'auth allow insecure global id reclaim': false,
    'osd pool default size': 1,
    'osd pool default min size': 1,
    'osd pool default pg num': 4,
    'osd pool default pgp num': 4,
    'osd pool default pg autoscale mode': 'off',
    'osd crush chooseleaf type': 0,
    'osd objectstore': 'memstore',
    'memstore device bytes': memory,
    'run dir': join(folder, 'run'),
    'admin socket': join(folder, 'run/$name.$pid.asok'),
    'pid file': join(folder, 'run/$name.pid'),
    'mon data': join(folder, 'mon'),
    'osd data': join(folder, 'osd'),
    keyring: join(folder, 'keyring'),
    'ms bind ipv6': false,
    'mon allow pool size one': true,
    // A monitor gathers changes for a second, and every pool and whatever goes into it is one.
    'paxos propose interval': 0.02,
    'paxos min wait': 0.01,
    'mon data avail crit': 1,
    'mon data avail warn': 1,
    'rgw frontends': `beast endpoint=127.0.0.1:${port} tcp_nodelay=1`,
    'rgw thread pool size': 64,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  return ['[global]', ...lines, ''].join('\n')
}
