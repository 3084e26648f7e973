/** podman builds, pushes and pulls. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { type Containers, openContainers } from '../support/containers.ts'
import { send } from '../support/http.ts'
import type { Kura } from '../support/kura.ts'
import { startKuraHere } from '../support/place.ts'
import { describeWith } from '../support/programs.ts'
import { manifestUrl } from '../support/push.ts'

const plain = '--tls-verify=false'

describeWith(['podman', 'root'], 'podman', () => {
  const cleanup = useCleanup()
  let kura: Kura
  let containers: Containers
  let image: string

  beforeAll(async () => {
    kura = await startKuraHere(cleanup)
    containers = await openContainers(cleanup)
    image = `${kura.host}/team/app:v1`
    await writeFile(join(containers.folder, 'hello'), 'hello from the test')
    const recipe = join(containers.folder, 'Containerfile')
    await writeFile(recipe, 'FROM scratch\nCOPY hello /hello\n')
    await containers.podman('build', '--file', recipe, '--tag', image, containers.folder)
  }, 300_000)

  const idOf = (name: string) => containers.podman('image', 'inspect', '--format={{.Id}}', name)

  async function digestOf(tag: string) {
    const place = { url: kura.url, repository: 'team/app' }
    const { headers } = await send('HEAD', manifestUrl(place, tag))
    return headers['docker-content-digest']
  }

  it('pushes an image and pulls it back by tag and by digest', async () => {
    const id = await idOf(image)
    await containers.podman('push', plain, image)

    for (const name of [image, `${kura.host}/team/app@${await digestOf('v1')}`]) {
      await containers.podman('image', 'rm', '--all', '--force')
      await containers.podman('pull', plain, name)
      expect(await idOf(name)).toBe(id)
    }
    await containers.podman('tag', id.trim(), image)
  })

  it('pushes the same image again, and under a second tag, with the same digest', async () => {
    const second = `${kura.host}/team/app:v2`
    await containers.podman('tag', image, second)
    await containers.podman('push', plain, image)
    await containers.podman('push', plain, second)
    expect(await digestOf('v2')).toBe(await digestOf('v1'))
  })

  it('pushes in the Docker format too', async () => {
    const name = `${kura.host}/team/app:docker`
    await containers.podman('push', plain, '--format=v2s2', image, name)
    const { headers } = await send('GET', `${kura.url}/v2/team/app/manifests/docker`)
    expect(headers['content-type']).toBe('application/vnd.docker.distribution.manifest.v2+json')
  })

  it('lists the tags', async () => {
    const listed = await containers.podman('search', plain, '--list-tags', `${kura.host}/team/app`)
    for (const tag of ['v1', 'v2', 'docker']) expect(listed).toContain(tag)
  })
})
