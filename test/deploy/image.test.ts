/** The image is built and run by a real engine, in the place of the image `registry`. */
import { chmod, chown, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { startDistribution } from '../support/distribution.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import { send } from '../support/http.ts'
import { imageOf } from '../support/image.ts'
import { findFreePort } from '../support/ports.ts'
import { describeWith } from '../support/programs.ts'
import { pullImage, pushImage } from '../support/push.ts'
import { buildImage } from './image/build.ts'
import { createRunner, type Runner } from './image/run.ts'

const user = 65532
/** The capabilities of a process, as /proc writes them. */
const none = '0000000000000000'
/** Nearly all of it is Node; the base that it is built on here is next to nothing. */
const mostMegabytes = 250
const image = imageOf({ hello: 'hello from the test', more: 'a second layer' })
const other = imageOf({ other: 'another image' })

describeWith(['dockerd', 'docker', 'docker-registry', 'root', 'linux'], 'the image', () => {
  const cleanup = useCleanup()
  let engine: DockerEngine
  let runner: Runner

  beforeAll(async () => {
    engine = await startDockerEngine(cleanup)
    const name = await buildImage(cleanup, engine)
    const compiled = await cleanup.folder()
    await chmod(compiled, 0o777)
    runner = createRunner(engine, name, compiled)
  }, 600_000)

  afterEach(() => runner.removeAll())

  const volumeOf = (folder: string) => ['--volume', `${folder}:/var/lib/registry`]

  /** A folder that registry:2 has served as root. */
  async function makeOldVolume(): Promise<string> {
    const root = await cleanup.folder()
    const registry = await startDistribution(cleanup, root)
    await pushImage({ url: registry.url, repository: 'team/app' }, 'v1', image)
    await registry.stop()
    return root
  }

  it('serves the volume of registry:2 without being root, and gives it back', async () => {
    const root = await makeOldVolume()
    const container = await runner.start([
      ...volumeOf(root),
      '--env=REGISTRY_STORAGE_DELETE_ENABLED=true',
    ])
    const place = { url: container.url, repository: 'team/app' }
    expect(await pullImage(place, 'v1')).toBe(image.digest)
    await pushImage(place, 'v2', other)

    expect(await container.users()).toEqual([user])
    expect(await container.capabilities()).toEqual([none])
    await container.stop()
    const registry = await startDistribution(cleanup, root)
    await pullImage({ url: registry.url, repository: 'team/app' }, 'v2')
  })

  it('serves as the user whom the folder belongs to, and leaves the folder alone', async () => {
    const root = await cleanup.folder()
    await chown(root, 1234, 4321)
    const container = await runner.start(volumeOf(root))
    await pushImage({ url: container.url, repository: 'team/app' }, 'v1', image)
    expect(await container.users()).toEqual([1234])
    expect((await stat(join(root, 'docker'))).uid).toBe(1234)
  })

  it('stays root where that is asked for, but without a right', async () => {
    const container = await runner.start(['--env=KURA_USER=0:0'])
    expect(await container.users()).toEqual([0])
    expect(await container.capabilities()).toEqual([none])
  })

  it('needs no right, and writes nowhere but in its volume and in /tmp', async () => {
    const root = await cleanup.folder()
    await chown(root, user, user)
    const rights = ['--cap-drop=ALL', '--security-opt=no-new-privileges']
    const strict = ['--read-only', '--tmpfs=/tmp', ...rights]
    const container = await runner.start([...volumeOf(root), ...strict, `--user=${user}:${user}`])
    const place = { url: container.url, repository: 'team/app' }
    await pushImage(place, 'v1', image)
    expect(await pullImage(place, 'v1')).toBe(image.digest)
  })

  it.each([
    ['/etc/docker/registry/config.yml', []],
    ['/etc/distribution/config.yml', ['registry', 'serve', '/etc/distribution/config.yml']],
    ['/srv/own.yml', ['/srv/own.yml']],
  ])('serves what is mounted at %s when its command is %j', async (path, command) => {
    const folder = await cleanup.folder()
    const file = join(folder, 'config.yml')
    const header = 'X-From: [the mounted file]'
    const text = `version: 0.1\nstorage: { inmemory: {} }\nhttp: { addr: ':1', headers: { ${header} } }\n`
    await writeFile(file, text)
    const { url } = await runner.start(['--volume', `${file}:${path}:ro`], command)
    expect((await send('GET', `${url}/v2/`)).headers['x-from']).toBe('the mounted file')
  })

  it('has the commands of both, and says which it has not', async () => {
    expect(await runner.runToEnd('--version')).toMatch(/^kura \d/)
    const script = 'registry --version && bin/registry --version && kura config'
    const said = await runner.runToEnd('sh', '-c', script)
    expect(said).toMatch(/^kura \d.*\nkura \d/)
    expect(said).toMatch(/rootdirectory: \/var\/lib\/registry +# \/etc\/kura\/config.yml/)
    const account = ['--entrypoint=htpasswd', 'kura', '-Bbn', 'ann', 'secret']
    const line = await engine.docker('run', '--rm', '--network=none', ...account)
    expect(line).toMatch(/^ann:\$2y\$10\$\S{53}\s*$/)
    const collected = runner.runToEnd('garbage-collect', '/etc/docker/registry/config.yml')
    await expect(collected).rejects.toThrow(/garbage-collect/)
  })

  it('is found to be healthy, and to be unhealthy when nothing answers', async () => {
    const { name } = await runner.start([])
    await engine.docker('exec', name, ...health)
    const elsewhere = `--env=REGISTRY_HTTP_ADDR=127.0.0.1:${await findFreePort()}`
    await expect(engine.docker('exec', elsewhere, name, ...health)).rejects.toThrow('ECONNREFUSED')
  })

  it('is found to be healthy with TLS', async () => {
    const folder = await cleanup.folder()
    await chown(folder, user, user)
    const files = ['--volume', `${folder}:/tls`]
    await engine.docker('run', '--rm', '--network=none', ...files, 'kura', ...certificate)
    const { name } = await runner.start([
      ...files,
      '--env=REGISTRY_HTTP_TLS_CERTIFICATE=/tls/server.crt',
      '--env=REGISTRY_HTTP_TLS_KEY=/tls/server.key',
    ])
    await engine.docker('exec', name, ...health)
  })

  it('ends what is under way before it stops', async () => {
    const container = await runner.start([])
    const upload = await container.beginUpload('team/app')
    const stopped = container.stop()
    await container.said(/stopping/)
    expect(await upload.finish()).toBe(202)
    await stopped
    expect(await container.exitCode()).toBe(0)
  })

  it('is small, and says what it is', async () => {
    const [{ Config, Size }] = JSON.parse(await engine.docker('image', 'inspect', 'kura'))
    expect(Size / 1e6).toBeLessThan(mostMegabytes)
    expect(Config.Labels['org.opencontainers.image.title']).toBe('kura')
    expect(Config.Cmd).toEqual(['serve', '/etc/distribution/config.yml'])
    expect(Config.ExposedPorts).toEqual({ '5000/tcp': {} })
    expect(Config.Volumes).toEqual({ '/var/lib/registry': {} })
    expect(Config.StopSignal).toBe('SIGTERM')
  })
})

const certificate = ['cert', '--folder', '/tls', 'localhost']
const health = ['/opt/kura/node_modules/.bin/node', '/opt/kura/lib/health.js']
