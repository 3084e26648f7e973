/** The first registry of someone's own: started, pushed to, looked at, pulled from, moved elsewhere. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { openContainers } from '../support/containers.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import { type FirstTry, startFirstTry } from '../support/first-try.ts'
import { send } from '../support/http.ts'
import { imageOf, tarOf } from '../support/image.ts'
import { startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { pullImage, pushImage } from '../support/push.ts'
import { run } from '../support/run.ts'

/** The output of `curl`. */
const curl = async (url: string) => (await send('GET', url)).body.toString().trimEnd()

const digestIn = (output: string) => /sha256:[0-9a-f]{64}/.exec(output)?.[0] ?? ''

describeWith(['dockerd', 'docker', 'root'], 'a first registry, used with docker as it says', () => {
  const cleanup = useCleanup()
  let kura: FirstTry
  let engine: DockerEngine
  let root: string
  let image: string
  let pushed: string

  const look = async (path: string) =>
    (await kura.ask({ path, password: kura.password ?? '' })).body.trimEnd()
  /** Runs the line to paste that begins so. */
  async function paste(start: string, ...more: string[]): Promise<string> {
    const line = kura.lines('docker').find((it) => it.startsWith(start)) ?? ''
    return engine.docker(...line.split(' ').slice(1), ...more)
  }

  beforeAll(async () => {
    const home = await cleanup.folder()
    root = join(home, 'data')
    kura = await startFirstTry(home)
    cleanup.add(kura.stop)
    engine = await startDockerEngine(cleanup)
    image = `${kura.host}/hello-world`
    // In place of `docker pull hello-world`, as the engine has no network.
    const archive = join(engine.folder, 'hello.tar')
    await writeFile(archive, tarOf('hello', Buffer.from('Hello from the test!')))
    await engine.docker('import', archive, 'hello-world')
    await engine.docker('tag', 'hello-world', 'hello-again')

    await paste('docker login', '--password', kura.password ?? '')
    await paste('docker tag')
    pushed = digestIn(await paste('docker push'))
  }, 300_000)

  it('lists what was pushed', async () => {
    expect(await look('/v2/_catalog')).toBe('{"repositories":["hello-world"]}')
    const tags = await look('/v2/hello-world/tags/list')
    expect(tags).toBe('{"name":"hello-world","tags":["latest"]}')
  })

  it('keeps it in folders that people know, with links of 71 bytes', async () => {
    const top = join(root, 'docker/registry/v2')
    expect((await readdir(top)).sort()).toEqual(['blobs', 'repositories'])
    const links = (await readdir(top, { recursive: true })).filter((it) => it.endsWith('/link'))
    expect(links).toContain('repositories/hello-world/_manifests/tags/latest/current/link')
    for (const link of links) expect((await stat(join(top, link))).size).toBe(71)
    const current = 'repositories/hello-world/_manifests/tags/latest/current/link'
    expect(await readFile(join(top, current), 'utf8')).toBe(pushed)
  })

  it('gives back the same image after the local one is gone', async () => {
    await engine.docker('image', 'rm', image, 'hello-world')
    expect(digestIn(await paste(`docker pull ${image}`))).toBe(pushed)
  })

  it('tells who has not signed in to do so', async () => {
    await engine.docker('logout', kura.host)
    await engine.docker('tag', 'hello-again', image)
    await expect(engine.docker('push', image)).rejects.toThrow('no basic auth credentials')
  })
})

describeWith(['podman', 'skopeo'], 'a first registry, used with podman as it says', () => {
  const cleanup = useCleanup()

  it('trusts the certificate after the printed line, and only then', async () => {
    const kura = await startFirstTry(await cleanup.folder())
    cleanup.add(kura.stop)
    const { podman, skopeo, folder } = await openContainers(cleanup)
    const signIn = () => podman('login', '--username=admin', `-p=${kura.password}`, kura.host)
    await expect(signIn()).rejects.toThrow('certificate signed by unknown authority')

    const [line = ''] = kura.lines('mkdir')
    await run('sh', ['-c', line], { env: { PATH: process.env.PATH, HOME: folder } })
    await signIn()

    const image = `${kura.host}/hello-world`
    const archive = join(folder, 'hello.tar')
    await writeFile(archive, tarOf('hello', Buffer.from('Hello from the test!')))
    await podman('import', archive, image)
    await podman('push', image)
    await podman('image', 'rm', image)
    await podman('pull', image)
    const { Tags } = JSON.parse(await skopeo('list-tags', `docker://${image}`))
    expect(Tags).toEqual(['latest'])
  })
})

describe('a first registry', () => {
  const cleanup = useCleanup()
  const image = imageOf({ hello: 'hello from the test' })

  async function start(options: Parameters<typeof startKura>[0] = {}) {
    const kura = await startKura(options)
    cleanup.add(kura.stop)
    return kura
  }

  it('prints the lines to paste when variables alone say what it is', async () => {
    const { port, said } = await start()
    await said(new RegExp(`docker tag hello-world localhost:${port}/hello-world`))
    await said(new RegExp(`docker push localhost:${port}/hello-world`))
    await said(new RegExp(`curl http://localhost:${port}/v2/_catalog`))
  })

  it('takes port and folder from variables alone', async () => {
    const root = join(await cleanup.folder(), 'images')
    const kura = await start({ root, env: { REGISTRY_AUTH: 'none' } })
    await pushImage({ url: kura.url, repository: 'team/app' }, 'v1', image)
    expect(await readdir(root)).toContain('docker')
    expect(await curl(`${kura.url}/v2/`)).toBe('{}')
  })

  it('says where to go on by a path, which no proxy can make wrong', async () => {
    const { url } = await start()
    const { headers } = await send('POST', `${url}/v2/app/blobs/uploads/`)
    expect(headers.location).toMatch(/^\/v2\/app\/blobs\/uploads\/[0-9a-f-]+$/)
  })

  it('keeps what it has when it is replaced, on another port and with a file', async () => {
    const root = await cleanup.folder()
    const first = await start({ root })
    await pushImage({ url: first.url, repository: 'team/app' }, 'v1', image)
    await first.stop()

    const config = 'version: 0.1\nstorage: { filesystem: {} }\nhttp: { addr: ":5000" }\n'
    const second = await start({ root, config })
    expect(await pullImage({ url: second.url, repository: 'team/app' }, 'v1')).toBe(image.digest)
    expect(await curl(`${second.url}/v2/_catalog`)).toBe('{"repositories":["team/app"]}')
  })

  it('listens on every address when the variable names none, and says who may reach it', async () => {
    const { port, said } = await start({ listenEverywhere: true })
    expect((await send('GET', `http://127.0.0.1:${port}/v2/`)).status).toBe(200)
    await said(/is open: everyone who reaches it may do everything/)
  })
})
