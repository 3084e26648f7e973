/** containerd pulls a large layer in ranges side by side, and pushes and pulls by itself. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { imageOf } from '../support/image.ts'
import type { Kura } from '../support/kura.ts'
import { startKuraHere } from '../support/place.ts'
import { describeWith } from '../support/programs.ts'
import { pushImage } from '../support/push.ts'
import { createRandom } from '../support/random.ts'
import { run } from '../support/run.ts'
import { startService } from '../support/service.ts'

/** Its layer is larger than the eight megabytes that containerd asks for at a time. */
const text = createRandom(1)
  .bytes(20 * 1024 * 1024)
  .toString('hex')
const image = imageOf({ large: text })

describeWith(['containerd', 'ctr', 'root'], 'containerd', () => {
  const cleanup = useCleanup()
  let kura: Kura
  let folder: string
  let socket: string

  beforeAll(async () => {
    kura = await startKuraHere(cleanup)
    await pushImage({ url: kura.url, repository: 'team/large' }, 'v1', image)
    folder = await cleanup.folder()
    socket = join(folder, 'socket')
    const settings = join(folder, 'config.toml')
    await writeFile(settings, configuration(folder, socket))
    const { PATH } = process.env
    const engine = await startService({
      command: 'containerd',
      args: ['--config', settings],
      env: { PATH },
      ready: /containerd successfully booted/,
    })
    cleanup.add(engine.stop)
  }, 300_000)

  const ctr = (...args: string[]) => run('ctr', ['--address', socket, ...args])
  const name = () => `${kura.host}/team/large:v1`

  it.each([
    ['its transfer service', []],
    ['its client', ['--local', '--max-concurrent-downloads=4']],
  ])('pulls an image with a large layer by %s', async (_, how) => {
    await ctr('images', 'pull', '--plain-http', ...how, name())
    expect(await ctr('images', 'ls')).toContain(image.digest)
    await ctr('images', 'rm', '--sync', name())
  })

  it('pushes what it pulled', async () => {
    await ctr('images', 'pull', '--plain-http', name())
    const copy = `${kura.host}/copied/large:v1`
    await ctr('images', 'tag', name(), copy)
    await ctr('images', 'push', '--plain-http', '--platform=linux/amd64', copy)
    await ctr('images', 'rm', '--sync', name(), copy)
    await ctr('images', 'pull', '--plain-http', copy)
    expect(await ctr('images', 'ls')).toContain(image.digest)
  })
})

function configuration(folder: string, socket: string): string {
  return [
    'version = 3',
    `root = '${join(folder, 'root')}'`,
    `state = '${join(folder, 'state')}'`,
    "disabled_plugins = ['io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.runtime', 'io.containerd.nri.v1.nri']",
    '[grpc]',
    `address = '${socket}'`,
    "[plugins.'io.containerd.transfer.v1.local']",
    'max_concurrent_downloads = 4',
    'concurrent_layer_fetch_buffer = 8388608',
    '',
  ].join('\n')
}
