/** The lines that a start prints work as they stand, however clients reach it. */
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { addUser } from '../../assembly/accounts/accounts.ts'
import { useCleanup } from '../support/cleanup.ts'
import { runKura, startKura } from '../support/kura.ts'
import { addAddress } from '../support/network-address.ts'
import { project } from '../support/pages.ts'
import { findFreePort } from '../support/ports.ts'
import { describeWith } from '../support/programs.ts'
import { run } from '../support/run.ts'

const cleanup = useCleanup()
let home: string
beforeAll(async () => {
  home = await cleanup.folder()
})

/** The output of kura without its log. */
async function greeting(env: NodeJS.ProcessEnv) {
  const kura = await startKura({ env: { REGISTRY_KURA_PROCESSES: '1', ...env } })
  cleanup.add(kura.stop)
  await kura.said(/What is there now:\n\n.*\n/)
  const lines = (program: string) =>
    [...kura.output().matchAll(new RegExp(`^ {2}(${program} .*)$`, 'gm'))].map(
      ([, line = '']) => line,
    )
  return { port: kura.port, output: kura.output(), lines }
}

/** The line that shows what is there, run as it was printed. */
async function look({ lines }: Awaited<ReturnType<typeof greeting>>, as?: string) {
  const [line = ''] = lines('curl')
  return run('sh', ['-ec', as ? line.replace('--user NAME', `--user '${as}'`) : line])
}

const certificateIn = (folder: string) => ({
  REGISTRY_HTTP_TLS_CERTIFICATE: join(folder, 'server.crt'),
  REGISTRY_HTTP_TLS_KEY: join(folder, 'server.key'),
})

describe('on this machine', () => {
  it("with an authority of one's own and passwords", async () => {
    const folder = join(home, "it's mine")
    await runKura(['cert', 'registry.test', '--folder', folder])
    const file = join(home, 'htpasswd')
    await addUser({ file, name: 'ann', password: 'secret', cost: 4, write: () => {} })
    const greeted = await greeting({
      ...certificateIn(folder),
      REGISTRY_AUTH_HTPASSWD_REALM: 'a',
      REGISTRY_AUTH_HTPASSWD_PATH: file,
    })
    expect(await look(greeted, 'ann:secret')).toContain('"repositories"')
    const [trust = ''] = greeted.lines('mkdir')
    await run('sh', ['-ec', trust], { env: { PATH: process.env.PATH, HOME: home } })
    const place = join(home, `.config/containers/certs.d/localhost:${greeted.port}/ca.crt`)
    expect(await run('cat', [place])).toBe(await run('cat', [join(folder, 'ca.crt')]))
  })

  it('on a socket', async () => {
    const socket = join(home, 'socket')
    const greeted = await greeting({ REGISTRY_HTTP_NET: 'unix', REGISTRY_HTTP_ADDR: socket })
    expect(greeted.output).toContain(`is up on the socket ${socket}`)
    expect(greeted.lines('docker')).toEqual([])
    expect(await look(greeted)).toContain('"repositories"')
  })
})

describeWith(['ip', 'root', 'linux'], 'on an address of the network', () => {
  let address: string
  beforeAll(async () => {
    address = await addAddress(cleanup)
  })

  it('with a certificate that vouches for itself', async () => {
    const folder = join(home, 'selfsigned')
    await mkdir(folder)
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=a'],
      ...['-keyout', join(folder, 'server.key'), '-out', join(folder, 'server.crt')],
      ...['-addext', `subjectAltName=IP:${address}`],
    ])
    const host = `${address}:${await findFreePort()}`
    const greeted = await greeting({ ...certificateIn(folder), REGISTRY_HTTP_ADDR: host })
    expect(await look(greeted)).toContain('"repositories"')
    expect(greeted.lines('docker push')).toEqual([`docker push ${host}/hello-world`])
    const place = `/etc/docker/certs.d/${host}`
    expect(greeted.lines('sudo')).toEqual([
      `sudo mkdir -p ${place} && sudo cp ${folder}/server.crt ${place}/ca.crt`,
    ])
  })

  it('without TLS, which docker has to be told of', async () => {
    const host = `${address}:${await findFreePort()}`
    const greeted = await greeting({ REGISTRY_HTTP_ADDR: host })
    expect(await look(greeted)).toContain('"repositories"')
    expect(greeted.output).toContain(`it wants ${host} among its insecure-registries`)
  })
})

it('with policies, which say what may be pushed, and for which kura gives out tokens', async () => {
  const folder = join(home, 'own')
  await runKura(['cert', '--folder', folder])
  await mkdir(join(home, 'policies'))
  await cp(join(project, 'policies/examples/teams.yaml'), join(home, 'policies/teams.yaml'))
  const { output } = await greeting({
    ...certificateIn(folder),
    REGISTRY_AUTH_HTPASSWD_REALM: 'a',
    REGISTRY_AUTH_HTPASSWD_PATH: join(home, 'htpasswd'),
    REGISTRY_KURA_POLICIES: join(home, 'policies'),
  })
  expect(output).toContain(`where the policies in ${home}/policies allow it`)
  expect(output).toContain('docker may also want that file among the authorities of the system')
  expect(output).not.toContain('docker needs nothing')
})

describe('behind a proxy', () => {
  it('by the name that clients use', async () => {
    const greeted = await greeting({ REGISTRY_HTTP_HOST: 'https://registry.test' })
    expect(greeted.lines('docker push')).toEqual(['docker push registry.test/hello-world'])
    expect(greeted.lines('curl')).toEqual(['curl https://registry.test/v2/_catalog'])
  })
})
