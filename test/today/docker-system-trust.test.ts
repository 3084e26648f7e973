/**
 * Docker with containerd's image store and buildx fetch tokens with the authorities of the system alone:
 * where kura gives out tokens, the folder of docker's certificates is not enough for an authority of
 * one's own, and the lines of `kura cert` for the system make it so.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { addUser } from '../../assembly/accounts/accounts.ts'
import { useCleanup } from '../support/cleanup.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import { tarOf } from '../support/image.ts'
import { runKura, startKura } from '../support/kura.ts'
import { addAddress } from '../support/network-address.ts'
import { blockOf, patternOf, saidUnder } from '../support/pages.ts'
import { findFreePort } from '../support/ports.ts'
import { describeWith } from '../support/programs.ts'
import { run } from '../support/run.ts'

const said = 'failed to fetch oauth token: … x509: certificate signed by unknown authority'
const unknown = patternOf(said)
const password = 'a password of a test'
const rules = `rules:
  - { name: all, who: [authenticated], repositories: ["**"], actions: ["*"] }
`

describeWith(['dockerd', 'docker', 'ip', 'root', 'linux'], "an authority of one's own", () => {
  const cleanup = useCleanup()
  let host: string
  let archive: string
  let printed: string
  let engine: DockerEngine

  beforeAll(async () => {
    const home = await cleanup.folder()
    const [address, port] = [await addAddress(cleanup), await findFreePort()]
    host = `${address}:${port}`
    printed = (await runKura(['cert', address, '--port', `${port}`], { cwd: home })).stdout
    const file = join(home, 'htpasswd')
    await addUser({ file, name: 'alice', password, write: () => {} })
    await mkdir(join(home, 'policies'))
    await writeFile(join(home, 'policies/all.yaml'), rules)
    const kura = await startKura({
      env: {
        REGISTRY_HTTP_ADDR: host,
        REGISTRY_HTTP_TLS_CERTIFICATE: join(home, 'certs/server.crt'),
        REGISTRY_HTTP_TLS_KEY: join(home, 'certs/server.key'),
        REGISTRY_AUTH_HTPASSWD_REALM: 'kura',
        REGISTRY_AUTH_HTPASSWD_PATH: file,
        REGISTRY_KURA_POLICIES: join(home, 'policies'),
      },
    })
    cleanup.add(kura.stop)
    archive = join(home, 'hello.tar')
    await writeFile(archive, tarOf('hello', Buffer.from('Hello from the test!')))

    const place = join('/etc/docker/certs.d', host)
    await mkdir(place, { recursive: true })
    cleanup.add(() => rm(place, { recursive: true, force: true }))
    await run('cp', [join(home, 'certs/ca.crt'), place])
    engine = await startEngine()
  }, 300_000)

  const startEngine = () =>
    startDockerEngine(cleanup, { features: { 'containerd-snapshotter': true } })

  async function push({ docker }: DockerEngine) {
    const image = `${host}/team/docker:v1`
    await docker('login', '--username=alice', `--password=${password}`, host)
    await docker('import', archive, image)
    await docker('push', image)
    await docker('image', 'rm', image)
    await docker('pull', image)
  }

  async function buildAndPush({ docker, folder }: DockerEngine) {
    await writeFile(join(folder, 'hello'), 'hello from the test')
    await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY hello /hello\n')
    await docker('buildx', 'build', '--push', '--tag', `${host}/team/built:v1`, folder)
  }

  it('in the folder of docker alone is not enough for its tokens, as the page says', async () => {
    expect(saidUnder('docs/troubleshooting.md', 'docker, podman and skopeo')).toContain(said)
    await expect(push(engine)).rejects.toThrow(unknown)
    await expect(buildAndPush(engine)).rejects.toThrow(unknown)
  }, 120_000)

  it('is trusted once the system does, after a restart of docker', async () => {
    const lines = printed.split('\n').filter((line) => line.startsWith('  sudo '))
    const system = lines.filter((line) => /ca-certificates/.test(line))
    const page = blockOf('docs/tls.md', 'Authorities of the system')
    const generic = (line: string) =>
      line
        .trim()
        .replace(/cp \S+/, 'cp certs/ca.crt')
        .replace(/[\w.-]+\.crt$/, 'ca.crt')
    expect(system.map(generic)).toEqual(page.split('\n').slice(0, 2).map(generic))
    await run('sh', ['-ec', system.join('\n')])
    await buildAndPush(engine)
    await expect(push(engine)).rejects.toThrow(unknown)
    const restarted = await startEngine()
    await push(restarted)
    await buildAndPush(restarted)
  }, 120_000)
})
