/**
 * The lines that a first start prints, with docker and containerd's image store. On `localhost` docker takes
 * any certificate, but there it fetches tokens only from one that the system trusts: so none may be needed.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import { type FirstTry, startFirstTry } from '../support/first-try.ts'
import { tarOf } from '../support/image.ts'
import { describeWith } from '../support/programs.ts'

describeWith(['dockerd', 'docker', 'root'], "a first start and containerd's image store", () => {
  const cleanup = useCleanup()
  let kura: FirstTry
  let engine: DockerEngine

  beforeAll(async () => {
    kura = await startFirstTry(await cleanup.folder())
    cleanup.add(kura.stop)
    engine = await startDockerEngine(cleanup, { features: { 'containerd-snapshotter': true } })
    await writeFile(join(engine.folder, 'hello'), 'hello from the test')
    await writeFile(join(engine.folder, 'hello.tar'), tarOf('hello', Buffer.from('Hello!')))
    await writeFile(join(engine.folder, 'Dockerfile'), 'FROM scratch\nCOPY hello /hello\n')
  }, 300_000)

  it('pushes and pulls by the printed lines', async () => {
    // In place of `docker pull hello-world`, as the engine has no network.
    const [login = '', pull, ...lines] = kura.lines('docker')
    expect(pull).toBe('docker pull hello-world')
    await engine.docker('import', join(engine.folder, 'hello.tar'), 'hello-world')
    await paste(login, `--password=${kura.password}`)
    for (const line of lines) await paste(line)
    const { body } = await kura.ask({ path: '/v2/_catalog', password: `${kura.password}` })
    expect(body.trim()).toBe('{"repositories":["hello-world"]}')
  })

  it('builds and pushes in one step', async () => {
    const image = `${kura.host}/team/built:v1`
    await engine.docker('buildx', 'build', '--push', '--tag', image, engine.folder)
    await engine.docker('pull', image)
  })

  it('says that a password is missing', async () => {
    await engine.docker('logout', kura.host)
    const push = engine.docker('push', `${kura.host}/hello-world`)
    await expect(push).rejects.toThrow('no basic auth credentials')
  })

  const paste = (line: string, ...more: string[]) =>
    engine.docker(...line.split(' ').slice(1), ...more)
})
