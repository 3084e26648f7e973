/** The README's first five minutes, with its own lines: only port, password and network are the test's. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { openContainers } from '../support/containers.ts'
import { startDockerEngine } from '../support/docker-engine.ts'
import { type FirstTry, startFirstTry } from '../support/first-try.ts'
import { tarOf } from '../support/image.ts'
import { blockOf } from '../support/pages.ts'
import { describeWith } from '../support/programs.ts'
import { run } from '../support/run.ts'

const heading = 'The first five minutes'

describeWith(['dockerd', 'docker', 'podman', 'root', 'linux'], 'the first five minutes', () => {
  const cleanup = useCleanup()
  const archive = tarOf('hello', Buffer.from('Hello from the test!'))

  async function setUp() {
    const home = await cleanup.folder()
    const kura = await startFirstTry(home)
    cleanup.add(kura.stop)
    await writeFile(join(home, 'hello.tar'), archive)
    return { home, kura }
  }
  const linesFor = (kura: FirstTry, at: number) =>
    blockOf('README.md', heading, { at, instead: { 'localhost:5000': kura.host } })

  it('docker signs in, pushes and pulls, and curl shows what is there', async () => {
    const { home, kura } = await setUp()
    const engine = await startDockerEngine(cleanup)
    await engine.docker('import', join(home, 'hello.tar'), 'hello-world')
    // Neither a terminal to ask for the password at, nor a network to pull from.
    const bin = join(home, 'bin')
    await mkdir(bin)
    const docker = `#!/bin/sh
[ "$*" = 'pull hello-world' ] && exit
[ "$1" != login ] || set -- "$@" --password "$PASSWORD"
exec /usr/bin/env PATH="$REAL" docker "$@"
`
    const curl = '#!/bin/sh\nexec /usr/bin/env PATH="$REAL" curl --user "admin:$PASSWORD" "$@"\n'
    await Promise.all(
      Object.entries({ docker, curl }).map(async ([name, text]) => {
        await writeFile(join(bin, name), text)
        await chmod(join(bin, name), 0o755)
      }),
    )
    const { env } = engine
    const lines = linesFor(kura, 0).replace('--user admin ', '')
    const own = { ...env, REAL: env.PATH, PATH: `${bin}:${env.PATH}`, PASSWORD: kura.password }
    const said = await run('sh', ['-ec', lines], { cwd: home, env: own })
    expect(said).toContain('Login Succeeded')
    expect(said).toMatch(/\{"repositories":\["hello-world"\]\}\s*$/)
  }, 300_000)

  it('podman trusts it after two more lines', async () => {
    const { home, kura } = await setUp()
    const { podman, folder } = await openContainers(cleanup)
    const signIn = () => podman('login', '--username=admin', `-p=${kura.password}`, kura.host)
    await expect(signIn()).rejects.toThrow('certificate signed by unknown authority')
    await run('sh', ['-ec', linesFor(kura, 1)], {
      cwd: home,
      env: { ...process.env, HOME: folder },
    })
    await signIn()
    const image = `${kura.host}/hello-world`
    await podman('import', join(home, 'hello.tar'), image)
    await podman('push', image)
  })
})
