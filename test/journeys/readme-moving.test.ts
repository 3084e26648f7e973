/** From registry:2 to kura and back, with the lines of docs/moving.md: beside it, then in its place. */
import { readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { openContainers } from '../support/containers.ts'
import { send } from '../support/http.ts'
import { imageOf } from '../support/image.ts'
import { blockOf } from '../support/pages.ts'
import { findFreePort } from '../support/ports.ts'
import { describeWith } from '../support/programs.ts'
import { pullImage, pushImage } from '../support/push.ts'
import { command, compiled } from '../support/release.ts'
import { run } from '../support/run.ts'
import { startService } from '../support/service.ts'

const page = 'docs/moving.md'
const file = '/etc/docker/registry/config.yml'
const env = {
  PATH: `${dirname(command)}:${process.env.PATH}`,
  HOME: '/nonexistent',
  NODE_COMPILE_CACHE: compiled,
}

describeWith(['docker-registry', 'skopeo'], 'a registry of someone who moves', () => {
  const cleanup = useCleanup()
  const [first, second] = [imageOf({ a: 'first' }), imageOf({ a: 'second' })]
  const repository = 'hello-world'

  it('is served beside the old one, in its place, and by the old one again', async () => {
    const home = await cleanup.folder()
    const [port, beside] = [await findFreePort(), await findFreePort()]
    const url = `http://127.0.0.1:${port}`
    const config = join(home, 'config.yml')
    await writeFile(
      config,
      `version: 0.1
log: { level: info, fields: { service: registry } }
storage: { cache: { blobdescriptor: inmemory }, filesystem: { rootdirectory: ${home}/data } }
http: { addr: '127.0.0.1:${port}', headers: { X-Content-Type-Options: [nosniff] } }
health: { storagedriver: { enabled: true, interval: 10s, threshold: 3 } }
`,
    )
    const start = (command: string, args: string[]) =>
      startService({ command, args, env, cwd: home, ready: /listening on/ })
    const instead = { [file]: config }

    let old = await start('docker-registry', ['serve', config])
    cleanup.add(() => old.stop())
    await pushImage({ url, repository }, 'latest', first)

    const shown = await run('sh', ['-ec', blockOf(page, 'What would change', { instead })], { env })
    expect(shown).toContain(`${config}:3`)

    const own = {
      ...instead,
      '127.0.0.1:5001': `127.0.0.1:${beside}`,
      // So that it is kura that is stopped, and not the shell.
      ' kura serve': ' exec kura serve',
    }
    const tried = await start('sh', ['-ec', blockOf(page, 'Beside the old one', { instead: own })])
    cleanup.add(tried.stop)
    expect(tried.output()).toContain('storage.cache is not supported yet')
    expect(tried.output()).toContain('health is not supported yet')
    const { folder } = await openContainers(cleanup)
    const looked = blockOf(page, 'Beside the old one', {
      at: 1,
      instead: { ':5001': `:${beside}` },
    })
    const found = JSON.parse(await run('sh', ['-ec', looked], { env: { ...env, HOME: folder } }))
    expect(found.Digest).toBe(first.digest)
    const refused = await send('POST', `http://127.0.0.1:${beside}/v2/${repository}/blobs/uploads/`)
    expect(refused.status).toBe(405)
    expect(await readdir(join(home, 'data'))).toEqual(['docker'])
    await tried.stop()

    await old.stop()
    const kura = await start('kura', ['serve', config])
    cleanup.add(kura.stop)
    expect(await pullImage({ url, repository }, 'latest')).toBe(first.digest)
    await pushImage({ url, repository }, 'second', second)
    await kura.stop()

    old = await start('docker-registry', ['serve', config])
    expect(await pullImage({ url, repository }, 'latest')).toBe(first.digest)
    expect(await pullImage({ url, repository }, 'second')).toBe(second.digest)
  })
})
