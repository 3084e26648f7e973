/**
 * Clients that verify who answers: on an address that is not this machine's own, they refuse a
 * certificate of `kura cert` until the lines that it printed have been run.
 */
import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { openContainers } from '../support/containers.ts'
import { startDockerEngine } from '../support/docker-engine.ts'
import { tarOf } from '../support/image.ts'
import { runKura, startKura } from '../support/kura.ts'
import { addAddress } from '../support/network-address.ts'
import { findFreePort } from '../support/ports.ts'
import { describeWith } from '../support/programs.ts'
import { run } from '../support/run.ts'

const unknown = /certificate signed by unknown authority/

describeWith(['dockerd', 'docker', 'podman', 'skopeo', 'ip', 'root', 'linux'], 'trust', () => {
  const cleanup = useCleanup()
  let host: string
  let printed: string
  let archive: string

  beforeAll(async () => {
    const home = await cleanup.folder()
    const [address, port] = [await addAddress(cleanup), await findFreePort()]
    host = `${address}:${port}`
    const made = await runKura(['cert', address, '--port', `${port}`], { cwd: home })
    printed = made.stdout

    const setting = (name: string) =>
      new RegExp(`export REGISTRY_HTTP_TLS_${name}=(.*)`).exec(printed)?.[1]
    const kura = await startKura({
      env: {
        REGISTRY_HTTP_ADDR: host,
        REGISTRY_HTTP_TLS_CERTIFICATE: setting('CERTIFICATE'),
        REGISTRY_HTTP_TLS_KEY: setting('KEY'),
      },
    })
    cleanup.add(kura.stop)
    archive = join(home, 'hello.tar')
    await writeFile(archive, tarOf('hello', Buffer.from('Hello from the test!')))
  }, 60_000)

  /** Runs the lines that were printed for this folder, as root; what they made goes afterwards. */
  async function withPrinted(folder: string, work: () => Promise<void>) {
    const lines = printed.split('\n').filter((line) => line.includes(`${folder}/`))
    const commands = lines.filter((line) => /^ {2}sudo (?:mkdir|cp) /.test(line))
    expect(commands).toHaveLength(2)
    const place = join(folder, host)
    const made = await mkdir(place, { recursive: true })
    try {
      await run('sh', ['-ec', commands.join('\n').replaceAll('sudo ', '')])
      await work()
    } finally {
      await leave(place, made)
    }
  }

  it('docker pushes and pulls once it has the authority, and needs no restart', async () => {
    const { docker } = await startDockerEngine(cleanup)
    const image = `${host}/team/docker:v1`
    await docker('import', archive, image)
    await expect(docker('push', image)).rejects.toThrow(unknown)

    await withPrinted('/etc/docker/certs.d', async () => {
      await docker('push', image)
      await docker('image', 'rm', image)
      await docker('pull', image)
    })
    await expect(docker('push', image)).rejects.toThrow(unknown)
  }, 120_000)

  it('podman and skopeo do so too', async () => {
    const { podman, skopeo } = await openContainers(cleanup)
    const image = `${host}/team/podman:v1`
    await podman('import', archive, image)
    await expect(podman('push', image)).rejects.toThrow(unknown)
    await expect(skopeo('list-tags', `docker://${host}/team/podman`)).rejects.toThrow(unknown)

    await withPrinted('/etc/containers/certs.d', async () => {
      await podman('push', image)
      await podman('image', 'rm', image)
      await podman('pull', image)
      const { Tags } = JSON.parse(await skopeo('list-tags', `docker://${host}/team/podman`))
      expect(Tags).toEqual(['v1'])
    })
  }, 120_000)
})

/** Removes the folder, and those above it that were made for it and hold nothing else by now. */
async function leave(place: string, made: string | undefined) {
  await rm(place, { recursive: true, force: true })
  for (let above = dirname(place); made && above.startsWith(made); above = dirname(above)) {
    await rmdir(above).catch(() => {})
  }
}
