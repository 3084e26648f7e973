/** Mirrors as docs/mirror.md shows them, with the clients that it names and `docker-registry` as the upstream. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { toAnswer } from '../../mirror/failures.ts'
import { UpstreamError } from '../../upstream/error.ts'
import { startUpstream, type Upstream } from '../mirror/support/upstream.ts'
import { useCleanup } from '../support/cleanup.ts'
import { openContainers } from '../support/containers.ts'
import { startDockerEngine } from '../support/docker-engine.ts'
import { send } from '../support/http.ts'
import { type Image, imageOf } from '../support/image.ts'
import { type Kura, startKura } from '../support/kura.ts'
import { blockOf, patternOf, saidUnder } from '../support/pages.ts'
import { describeWith } from '../support/programs.ts'
import { pushImage } from '../support/push.ts'
import { run } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { failure, login, open, startFake } from '../upstream/support.ts'

const page = 'docs/mirror.md'
const hub = 'https://registry-1.docker.io'
const hello = 'docker.io/library/hello:latest'

describeWith(['docker-registry'], 'a mirror, as the page says', () => {
  const cleanup = useCleanup()
  let upstream: Upstream
  let image: Image

  beforeAll(async () => {
    upstream = await startUpstream(cleanup)
    image = imageOf({ hello: 'hello from the upstream' })
    for (const repository of ['library/hello', 'our-org/app']) {
      await pushImage({ url: upstream.registry.url, repository }, 'latest', image)
    }
  })

  describe('of one upstream', () => {
    let kura: Kura

    beforeAll(async () => {
      const command = blockOf(page, 'One upstream', { instead: { [hub]: upstream.url } })
      const [, value] = /^REGISTRY_PROXY_REMOTEURL=(\S+) kura serve$/m.exec(command) ?? []
      kura = await startKura({
        env: { REGISTRY_PROXY_REMOTEURL: value, REGISTRY_KURA_PROCESSES: '1' },
      })
      cleanup.add(kura.destroy)
    })

    describeWith(['dockerd', 'docker', 'root'], 'dockerd', () => {
      it('pulls through it by the name that the image has on Docker Hub', async () => {
        const text = blockOf(page, 'One upstream', {
          language: 'json',
          instead: { 'http://127.0.0.1:5000': kura.url },
        })
        const engine = await startDockerEngine(cleanup, JSON.parse(text))
        upstream.asked()
        await engine.docker('pull', 'hello')
        expect(upstream.asked().length).toBeGreaterThan(2)
        const found = await engine.docker('image', 'inspect', '--format={{.RepoDigests}}', 'hello')
        expect(found).toContain(image.digest)
      })
    })
  })

  describe('of several upstreams', () => {
    let kura: Kura
    let output = ''

    beforeAll(async () => {
      const folder = await cleanup.folder()
      const password = join(folder, 'password')
      await writeFile(password, 'secret\n')
      const config = blockOf(page, 'Several upstreams, beside images of your own', {
        language: 'yaml',
        instead: {
          [hub]: `${upstream.url}\n      prefix: docker.io\n      namespaces: [docker.io]\n      officialimages: true`,
          'https://ghcr.io': `${upstream.url}/\n      prefix: ghcr.io\n      namespaces: [ghcr.io]`,
          '/etc/kura/ghcr-password': password,
        },
      })
      kura = await startKura({ config, env: { REGISTRY_KURA_PROCESSES: '1' } })
      cleanup.add(kura.destroy)
    })

    it.each([
      'ghcr.io/our-org/app/manifests/latest',
      'our-org/app/manifests/latest?ns=ghcr.io',
      'library/hello/manifests/latest',
      'hello/manifests/latest?ns=docker.io',
      'docker.io/hello/manifests/latest',
    ])('is reached by each of the three ways: %s', async (path) => {
      const { status, headers } = await send('GET', `${kura.url}/v2/${path}`)
      expect([status, headers['docker-content-digest']]).toEqual([200, image.digest])
    })

    it('warns as the page says while the upstream asks for a pause', async () => {
      const url = `${kura.url}/v2/docker.io/library/hello/manifests/latest`
      await send('GET', url)
      upstream.fail(429)
      // The answer before is good for a minute, so another replica is asked.
      const other = await startKura({
        root: kura.root,
        env: {
          REGISTRY_KURA_MIRRORS_0_REMOTEURL: upstream.url,
          REGISTRY_KURA_MIRRORS_0_PREFIX: 'docker.io',
          REGISTRY_KURA_MIRRORS_0_TAGTTL: '0',
          REGISTRY_KURA_PROCESSES: '1',
        },
      })
      cleanup.add(other.destroy)
      const { status, headers } = await send('GET', url.replace(kura.url, other.url))
      upstream.heal()
      const shown = blockOf(page, 'When the upstream is asked', {
        language: 'text',
        instead: { 'registry-1.docker.io': upstream.host },
      })
      expect([status, `Warning: ${headers.warning}`]).toEqual([200, shown.trim()])
      await other.said(patternOf('the upstream failed, so the last known answer is sent'))
      output = other.output()
    })

    const attempts: Record<string, () => Promise<string>> = {
      'this repository mirrors another registry': () =>
        said('POST', 'ghcr.io/our-org/app/blobs/uploads/'),
      'it is not here, and the upstream failed: …'() {
        upstream.fail(500)
        return said('GET', 'docker.io/library/none/manifests/v1')
      },
      async 'it is not here, and the upstream took too long: …'() {
        upstream.fail(500)
        const late = new UpstreamError('timeout', upstream.host, 'it did not answer')
        return (toAnswer(late) as Error).message
      },
      'it wants the login to be sent to …': () =>
        saidOf(401, { 'www-authenticate': 'Bearer realm="https://auth.example/token"' }),
      'it leads to …: an address inside is asked only where the upstream is at such an address too':
        () => saidOf(307, { location: 'http://169.254.169.254/' }),
      'ns names no registry that is mirrored here': () =>
        said('GET', 'app/manifests/v1?ns=quay.io'),
      'the settings of the mirror leave this out': () =>
        said('GET', 'ghcr.io/theirs/app/manifests/v1'),
      'the upstream failed, so the last known answer is sent': async () => output,
    }

    /** What is said of an upstream that answers so. */
    async function saidOf(status: number, headers: Record<string, string>): Promise<string> {
      const answer = await startFake(cleanup, (_, response) => {
        response.writeHead(status, headers).end()
      })
      const registry = open(cleanup, answer.url, { credentials: login('ann', 'secret') })
      const [, message] = await failure(registry.tags('team/app'))
      return message
    }

    async function said(method: string, path: string): Promise<string> {
      return (await send(method, `${kura.url}/v2/${path}`)).body.toString()
    }

    it('has all its messages provoked here', () => {
      expect(Object.keys(attempts)).toEqual(saidUnder('docs/troubleshooting.md', 'Mirrors'))
    })

    it.each(Object.entries(attempts))('says: %s', async (text, attempt) => {
      expect(await attempt()).toMatch(patternOf(text))
      upstream.heal()
    })

    describeWith(['containerd', 'ctr', 'root'], 'containerd', () => {
      it('fetches through it by the name that the image has on Docker Hub', async () => {
        const folder = await cleanup.folder()
        const hosts = join(folder, 'hosts/docker.io')
        await mkdir(hosts, { recursive: true })
        const text = blockOf(page, 'containerd', {
          language: 'toml',
          instead: { 'https://registry.example:5000': kura.url },
        })
        await writeFile(join(hosts, 'hosts.toml'), text)
        const socket = join(folder, 'socket')
        const service = await startService({
          command: 'containerd',
          args: ['--root', join(folder, 'root'), '--state', join(folder, 'state'), '-a', socket],
          env: { PATH: process.env.PATH },
          ready: /containerd successfully booted/,
        })
        cleanup.add(service.stop)
        await run(
          'ctr',
          ['-a', socket, 'content', 'fetch', '--hosts-dir', join(folder, 'hosts'), hello],
          { env: { PATH: process.env.PATH } },
        )
        const listed = await run('ctr', ['-a', socket, 'content', 'ls'], {
          env: { PATH: process.env.PATH },
        })
        expect(listed).toContain(image.digest)
      })
    })

    describeWith(['podman', 'skopeo', 'root'], 'podman', () => {
      it('pulls through it by the name that the image has on Docker Hub', async () => {
        const containers = await openContainers(cleanup)
        const text = blockOf(page, 'podman', {
          language: 'toml',
          instead: {
            'registry.example:5000/docker.io"': `${kura.host}/docker.io"\ninsecure = true`,
          },
        })
        const folder = join(containers.folder, '.config/containers')
        await mkdir(folder, { recursive: true })
        const file = join(folder, 'registries.conf')
        await writeFile(file, text)
        upstream.asked()
        const target = `dir:${join(containers.folder, 'copy')}`
        await containers.skopeo(
          ...['--registries-conf', file, 'copy', 'docker://docker.io/library/hello', target],
        )
        await containers.podman('pull', `${kura.host}/ghcr.io/our-org/app`, '--tls-verify=false')
      })
    })
  })
})
