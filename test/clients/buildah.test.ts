/** buildah builds for two architectures and pushes them as one manifest list. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { type Containers, openContainers } from '../support/containers.ts'
import { send } from '../support/http.ts'
import type { Kura } from '../support/kura.ts'
import { startKuraHere } from '../support/place.ts'
import { describeWith } from '../support/programs.ts'
import { manifestUrl, pullImage } from '../support/push.ts'

const plain = '--tls-verify=false'
const architectures = ['amd64', 'arm64']

describeWith(['buildah', 'root'], 'buildah', () => {
  const cleanup = useCleanup()
  let kura: Kura
  let containers: Containers

  beforeAll(async () => {
    kura = await startKuraHere(cleanup)
    containers = await openContainers(cleanup)
    await writeFile(join(containers.folder, 'hello'), 'hello from the test')
    await writeFile(join(containers.folder, 'Containerfile'), 'FROM scratch\nCOPY hello /hello\n')
  })

  it('pushes an image built from nothing and pulls it back', async () => {
    const { buildah } = containers
    const name = `${kura.host}/built/scratch:v1`
    const container = (await buildah('from', 'scratch')).trim()
    await buildah('copy', container, join(containers.folder, 'hello'), '/hello')
    await buildah('commit', container, name)
    await buildah('push', plain, name)

    await buildah('rmi', '--all', '--force')
    await buildah('pull', plain, name)
    await pullImage({ url: kura.url, repository: 'built/scratch' }, 'v1')
  })

  it('pushes a manifest list with all its images', async () => {
    const { buildah, folder } = containers
    await buildah('manifest', 'create', 'both')
    for (const architecture of architectures) {
      await buildah('build', `--arch=${architecture}`, '--manifest=both', folder)
    }
    const name = `${kura.host}/built/both:v1`
    await buildah('manifest', 'push', '--all', plain, 'both', `docker://${name}`)

    const place = { url: kura.url, repository: 'built/both' }
    const list = JSON.parse((await send('GET', manifestUrl(place, 'v1'))).body.toString())
    const found = list.manifests.map((it: { platform: object }) => it.platform)
    expect(found).toMatchObject(architectures.map((architecture) => ({ architecture })))
    for (const { digest } of list.manifests) expect(await pullImage(place, digest)).toBe(digest)

    for (const architecture of architectures) {
      const id = await buildah('pull', '--quiet', plain, `--arch=${architecture}`, name)
      const inspected = JSON.parse(await buildah('inspect', '--type=image', id.trim()))
      expect(inspected.OCIv1.architecture).toBe(architecture)
    }
  })
})
