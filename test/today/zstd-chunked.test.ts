/**
 * podman and layers of zstd:chunked: of a layer that holds much of what it has already, it asks for the
 * rest alone, by many ranges in one request.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import type { Kura } from '../support/kura.ts'
import { startKuraHere } from '../support/place.ts'
import { describeWith } from '../support/programs.ts'
import { createRandom } from '../support/random.ts'
import { run } from '../support/run.ts'

const plain = '--tls-verify=false'
const files = 64
const size = 256 * 1024

/** Only the overlay driver can put a layer together from what is there. */
const storage = (folder: string) => `[storage]
driver = "overlay"
graphroot = "${join(folder, 'store')}"
runroot = "${join(folder, 'run')}"
[storage.options]
pull_options = { enable_partial_images = "true", use_hard_links = "false", ostree_repos = "" }
`

describeWith(['podman', 'root'], 'podman with zstd:chunked', () => {
  const cleanup = useCleanup()
  const random = createRandom(7)
  let kura: Kura
  let builder: Awaited<ReturnType<typeof openPodman>>

  beforeAll(async () => {
    // With a line for each request.
    kura = await startKuraHere(cleanup, { env: { REGISTRY_LOG_FORMATTER: 'text' } })
    builder = await openPodman()
    await mkdir(join(builder.folder, 'content'))
    for (let n = 0; n < files; n++) await replace(n)
    await writeFile(join(builder.folder, 'Containerfile'), 'FROM scratch\nCOPY content /content\n')
    await publish('v1')
    for (const n of [3, 30, 60]) await replace(n)
    await publish('v2')
  }, 300_000)

  async function openPodman() {
    const folder = await cleanup.folder()
    const settings = join(folder, 'storage.conf')
    await writeFile(settings, storage(folder))
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      CONTAINERS_STORAGE_CONF: settings,
      XDG_RUNTIME_DIR: join(folder, 'run'),
    }
    cleanup.add(() => run('podman', ['system', 'reset', '--force'], { env }))
    return { folder, podman: (...args: string[]) => run('podman', args, { env }) }
  }

  const replace = (n: number) =>
    writeFile(join(builder.folder, 'content', `${n}`), random.bytes(size))

  async function publish(tag: string) {
    const name = `${kura.host}/team/chunked:${tag}`
    await builder.podman('build', '--tag', name, builder.folder)
    const chunked = ['--compression-format=zstd:chunked', '--force-compression']
    await builder.podman('push', plain, ...chunked, name)
  }

  it('asks for what changed between two versions, and no more', async () => {
    const { podman } = await openPodman()
    const name = (tag: string) => `${kura.host}/team/chunked:${tag}`
    await podman('pull', plain, name('v1'))
    const before = kura.output().length
    await podman('pull', plain, name('v2'))
    const lines = kura.output().slice(before).split('\n')
    const sent = lines.flatMap(
      (line) => /"GET \S+\/blobs\/\S+ \S+ 20[06] (\d+)/.exec(line)?.[1] ?? [],
    )
    expect(sent.length).toBeGreaterThan(1)
    const bytes = sent.reduce((sum, it) => sum + Number(it), 0)
    expect(bytes).toBeLessThan((files * size) / 4)
  })
})
