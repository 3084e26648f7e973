/** The messages of clients in docs/troubleshooting.md: docker and skopeo are made to say them. */
import { cp, mkdir, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { openContainers } from '../support/containers.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import { startFirstTry } from '../support/first-try.ts'
import { send } from '../support/http.ts'
import { tarOf } from '../support/image.ts'
import { startKura } from '../support/kura.ts'
import { addAddress } from '../support/network-address.ts'
import { patternOf, saidUnder } from '../support/pages.ts'
import { findFreePort } from '../support/ports.ts'
import { describeWith } from '../support/programs.ts'
import { command } from '../support/release.ts'
import { run } from '../support/run.ts'

describeWith(['dockerd', 'docker', 'skopeo', 'ip', 'root', 'linux'], 'what clients say', () => {
  const cleanup = useCleanup()
  let home: string
  let address: string
  let engine: DockerEngine
  /** Takes longer than all others together, as every try waits for a worker; so it begins first. */
  let saidWithoutWorkers: Promise<string>

  beforeAll(async () => {
    home = await cleanup.folder()
    address = await addAddress(cleanup)
    engine = await startDockerEngine(cleanup)
    await writeFile(join(home, 'hello.tar'), tarOf('hello', Buffer.from('Hello!')))
    await engine.docker('import', join(home, 'hello.tar'), 'hello-world')
    await run('sh', ['-c', `echo secret | ${command} user add --file ${home}/htpasswd bob`])
    await mkdir(join(home, 'policies'))
    const rule = 'rules: [{ name: a, who: [bob], repositories: ["team/**"], actions: [pull] }]\n'
    await writeFile(join(home, 'policies/a.yaml'), rule)
    saidWithoutWorkers = pullWithoutWorkers()
    saidWithoutWorkers.catch(() => {})
  }, 60_000)

  async function start(env: NodeJS.ProcessEnv, args = ['serve']) {
    const own = { REGISTRY_HTTP_ADDR: undefined, REGISTRY_KURA_PROCESSES: '1' }
    const host = env.REGISTRY_HTTP_ADDR ?? `127.0.0.1:${await findFreePort()}`
    const kura = await startKura({ args, env: { ...own, REGISTRY_HTTP_ADDR: host, ...env } })
    cleanup.add(kura.stop)
    return host
  }
  const elsewhere = async () => `${address}:${await findFreePort()}`
  const passwords = () => ({
    REGISTRY_AUTH_HTPASSWD_REALM: 'a',
    REGISTRY_AUTH_HTPASSWD_PATH: join(home, 'htpasswd'),
  })
  const policies = () => ({ ...passwords(), REGISTRY_KURA_POLICIES: join(home, 'policies') })

  /** Answers what docker said when it could not do it. */
  const refused = (...args: string[]) =>
    engine.docker(...args).then(
      (text) => Promise.reject(new Error(`docker ${args.join(' ')} went well: ${text}`)),
      (error: Error) => error.message,
    )
  async function push(host: string) {
    await engine.docker('tag', 'hello-world', `${host}/team/app`)
    return refused('push', `${host}/team/app`)
  }
  const login = (host: string, password: string) =>
    refused('login', '--username=bob', `--password=${password}`, host)
  async function remove(host: string) {
    const { skopeo } = await openContainers(cleanup)
    const image = `docker://${host}/team/app:latest`
    return skopeo('delete', '--tls-verify=false', image).catch((error) => error.message)
  }
  async function withCertificate(names: string[]) {
    const host = await elsewhere()
    const folder = join(home, `certificates-${names[0]}`)
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=a'],
      ...['-keyout', `${folder}.key`, '-out', `${folder}.crt`],
      ...['-addext', `subjectAltName=${names.join()}`],
    ])
    return { host, certificate: `${folder}.crt`, key: `${folder}.key` }
  }
  async function pushTo(names: string[], isKnown: boolean) {
    const { host, certificate, key } = await withCertificate(names)
    await start({
      REGISTRY_HTTP_ADDR: host,
      REGISTRY_HTTP_TLS_CERTIFICATE: certificate,
      REGISTRY_HTTP_TLS_KEY: key,
    })
    if (!isKnown) return push(host)
    const place = join('/etc/docker/certs.d', host)
    const made = await mkdir(place, { recursive: true })
    await cp(certificate, join(place, 'ca.crt'))
    try {
      return await push(host)
    } finally {
      await leave(place, made)
    }
  }

  /** Answers what the listener for plain HTTP says to a client that calls it by its address. */
  async function redirected(names: string[]) {
    const { host, certificate, key } = await withCertificate(names)
    const redirect = `127.0.0.1:${await findFreePort()}`
    await start({
      REGISTRY_HTTP_ADDR: host,
      REGISTRY_HTTP_TLS_CERTIFICATE: certificate,
      REGISTRY_HTTP_TLS_KEY: key,
      REGISTRY_KURA_REDIRECT: redirect,
    })
    const { status, body } = await send('GET', `http://${redirect}/v2/`)
    return `${status}: ${body}`
  }

  async function pullWithoutWorkers() {
    const secret = 'that of a test, and it is long enough'
    const addresses = `[127.0.0.1:${await findFreePort()}]`
    const env = { REGISTRY_HTTP_SECRET: secret, REGISTRY_KURA_WORKERS_ADDRESSES: addresses }
    return refused('pull', `${await start(env, ['gateway'])}/team/app`)
  }

  const attempts: Record<string, () => Promise<string>> = {
    'http: server gave HTTP response to HTTPS client': async () =>
      push(await start({ REGISTRY_AUTH: 'none', REGISTRY_HTTP_ADDR: await elsewhere() })),
    'x509: certificate signed by unknown authority': () => pushTo([`IP:${address}`], false),
    'x509: certificate is valid for …, not …': () => pushTo(['IP:10.255.255.1'], true),
    "x509: cannot validate certificate for … because it doesn't contain any IP SANs": () =>
      pushTo(['DNS:registry.example'], true),
    'for hosts that its certificate or http.host names, and not for this one': () =>
      redirected(['DNS:images.example']),
    'connect: connection refused': async () => push(await elsewhere()),
    // Without a login, docker tries plain HTTP on its own machine, and tells of that.
    'Client sent an HTTP request to an HTTPS server': async () => {
      const kura = await startFirstTry(await cleanup.folder())
      cleanup.add(kura.stop)
      return refused('pull', `${kura.host}/team/app`)
    },
    'no basic auth credentials': async () => push(await start(passwords())),
    'denied: requested access to the resource is denied': async () => push(await start(policies())),
    'failed with status: 401 Unauthorized': async () => login(await start(passwords()), 'wrong'),
    'unauthorized: the credentials are not valid': async () =>
      login(await start(policies()), 'wrong'),
    async 'failed with status: 429 Too Many Requests'() {
      const host = await start(passwords())
      for (let count = 1; count < 20; count++) {
        const said = await login(host, `wrong ${count}`)
        if (said.includes('429')) return said
      }
      return 'nobody minded 20 wrong passwords'
    },
    'manifest unknown: this repository has no such manifest': async () =>
      refused('pull', `${await start({ REGISTRY_AUTH: 'none' })}/team/nothing`),
    'unsupported: the registry is in read-only mode': async () =>
      push(await start({ REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED: 'true' })),
    async 'deleting is switched off: storage.delete.enabled is false'() {
      const host = await start({ REGISTRY_STORAGE_DELETE_ENABLED: 'false' })
      await engine.docker('tag', 'hello-world', `${host}/team/app`)
      await engine.docker('push', `${host}/team/app`)
      return remove(host)
    },
    'received unexpected HTTP status: 503 Service Unavailable': () => saidWithoutWorkers,
  }

  /** A newer docker has to say it: test/today/docker-system-trust.test.ts. */
  const provokedElsewhere = [
    'failed to fetch oauth token: … x509: certificate signed by unknown authority',
  ]

  it('is all provoked here', () => {
    const told = saidUnder('docs/troubleshooting.md', 'docker, podman and skopeo')
    expect([...Object.keys(attempts), ...provokedElsewhere].sort()).toEqual(told.toSorted())
  })

  it.each(Object.entries(attempts))('%s', async (said, attempt) => {
    expect(await attempt()).toMatch(patternOf(said))
  })
})

/** Removes the folder, and those above it that were made for it and hold nothing else by now. */
async function leave(place: string, made: string | undefined) {
  await rm(place, { recursive: true, force: true })
  for (let above = dirname(place); made && above.startsWith(made); above = dirname(above)) {
    await rmdir(above).catch(() => {})
  }
}
