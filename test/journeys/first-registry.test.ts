/** The first registry of someone's own: started, pushed to, looked at, pulled from, moved elsewhere. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import { send } from '../support/http.ts'
import { imageOf, tarOf } from '../support/image.ts'
import { type Kura, startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { pullImage, pushImage } from '../support/push.ts'

/** What `curl` shows. */
const curl = async (url: string) => (await send('GET', url)).body.toString().trimEnd()

describeWith(['dockerd', 'docker', 'root'], 'a first registry, used with docker', () => {
  const cleanup = useCleanup()
  let kura: Kura
  let engine: DockerEngine
  let image: string
  let pushed: string

  const digestIn = (output: string) => /sha256:[0-9a-f]{64}/.exec(output)?.[0] ?? ''

  beforeAll(async () => {
    kura = await startKura()
    cleanup.add(kura.stop)
    engine = await startDockerEngine(cleanup)
    image = `localhost:${kura.port}/hello-world:test`
    const archive = join(engine.folder, 'hello.tar')
    await writeFile(archive, tarOf('hello', Buffer.from('Hello from the test!')))
    await engine.docker('import', archive, 'hello-world')
    await engine.docker('tag', 'hello-world', image)
    pushed = digestIn(await engine.docker('push', image))
  }, 300_000)

  it('lists what was pushed', async () => {
    expect(await curl(`${kura.url}/v2/_catalog`)).toBe('{"repositories":["hello-world"]}')
    const tags = await curl(`${kura.url}/v2/hello-world/tags/list`)
    expect(tags).toBe('{"name":"hello-world","tags":["test"]}')
  })

  it('keeps it in folders that people know, with links of 71 bytes', async () => {
    const top = join(kura.root, 'docker/registry/v2')
    expect((await readdir(top)).sort()).toEqual(['blobs', 'repositories'])
    const links = (await readdir(top, { recursive: true })).filter((it) => it.endsWith('/link'))
    expect(links).toContain('repositories/hello-world/_manifests/tags/test/current/link')
    for (const link of links) expect((await stat(join(top, link))).size).toBe(71)
    const current = 'repositories/hello-world/_manifests/tags/test/current/link'
    expect(await readFile(join(top, current), 'utf8')).toBe(pushed)
  })

  it('gives back the same image after the local one is gone', async () => {
    await engine.docker('image', 'rm', image, 'hello-world')
    expect(digestIn(await engine.docker('pull', image))).toBe(pushed)
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

  it('prints the lines to paste when it starts without a file', async () => {
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
    await said(/is open: whoever reaches it may do everything/)
  })
})
