/** Real programs push and pull, and each of their requests meets the next gateway. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import type { Cleanup } from '../../support/cleanup.ts'
import type { Cluster } from '../../support/cluster.ts'
import { openContainers } from '../../support/containers.ts'
import { startDockerEngine } from '../../support/docker-engine.ts'
import { imageOf, tarOf } from '../../support/image.ts'
import { inLength } from '../../support/length.ts'
import { writeLayout } from '../../support/oci-layout.ts'
import { describeWith } from '../../support/programs.ts'
import { pushImage } from '../../support/push.ts'

const copies = inLength({ short: 3, long: 6 })

export function programs(cleanup: Cleanup, cluster: () => Cluster): void {
  describeWith(['skopeo'], 'skopeo', () => {
    it('pushes and pulls where each of its requests meets the next gateway', async () => {
      const { skopeo, folder } = await openContainers(cleanup)
      const { perRequest } = cluster()
      const copy = async (index: number) => {
        const image = imageOf({ hello: `hello ${index}`, more: 'x'.repeat(index * 100_000) })
        const [layout, back] = [join(folder, `layout${index}`), join(folder, `back${index}`)]
        await writeLayout(layout, image)
        const app = `docker://${perRequest}/skopeo/app${index}:v1`
        await skopeo('copy', '--dest-tls-verify=false', `oci:${layout}:latest`, app)
        await skopeo('copy', '--src-tls-verify=false', app, `oci:${back}:latest`)
        const found = JSON.parse(await skopeo('inspect', `oci:${back}:latest`))
        expect(found.Digest).toBe(image.digest)
      }
      await Promise.all(Array.from({ length: copies }, (_, index) => copy(index)))
    })
  })

  describeWith(['dockerd', 'docker', 'root'], 'a Docker engine', () => {
    it('pushes and pulls where each of its requests meets the next gateway', async () => {
      const { docker, folder } = await startDockerEngine(cleanup)
      const { perRequest } = cluster()
      const apps = Array.from({ length: 3 }, (_, index) => `${perRequest}/docker/app${index}:v1`)
      const ids = new Map<string, string>()
      for (const [index, app] of apps.entries()) {
        const archive = join(folder, 'layer.tar')
        await writeFile(archive, tarOf('hello', Buffer.from(`hello ${index}`)))
        await docker('import', archive, app)
        ids.set(app, await docker('image', 'inspect', '--format', '{{.Id}}', app))
      }
      await Promise.all(apps.map((app) => docker('push', app)))
      await docker('image', 'rm', '--force', ...apps)
      await Promise.all(apps.map((app) => docker('pull', app)))
      for (const [app, id] of ids) {
        expect(await docker('image', 'inspect', '--format', '{{.Id}}', app)).toBe(id)
      }
    })
  })

  describeWith(['podman', 'root'], 'podman', () => {
    it('pushes and pulls where each of its requests meets the next gateway', async () => {
      const { podman } = await openContainers(cleanup)
      const { url, perRequest } = cluster()
      const [from, to] = ['from', 'to'].map((name) => `${perRequest}/podman/${name}:v1`)
      const image = imageOf({ hello: 'hello from podman' })
      await pushImage({ url, repository: 'podman/from' }, 'v1', image)
      await podman('pull', '--tls-verify=false', from ?? '')
      await podman('push', '--tls-verify=false', from ?? '', to ?? '')
      await podman('rmi', '--all', '--force')
      await podman('pull', '--tls-verify=false', to ?? '')
      const found = await podman('inspect', '--format', '{{json .RootFS.Layers}}', to ?? '')
      expect(JSON.parse(found)).toEqual(JSON.parse(`${image.config}`).rootfs.diff_ids)
    })
  })
}
