/** skopeo copies, inspects, lists and deletes. */
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { type Containers, openContainers } from '../support/containers.ts'
import { type Image, imageOf } from '../support/image.ts'
import type { Kura } from '../support/kura.ts'
import { writeIndexLayout, writeLayout } from '../support/oci-layout.ts'
import { startKuraHere } from '../support/place.ts'
import { describeWith } from '../support/programs.ts'
import { pushImage } from '../support/push.ts'

const [toPlain, fromPlain, plain] = [
  '--dest-tls-verify=false',
  '--src-tls-verify=false',
  '--tls-verify=false',
]

describeWith(['skopeo'], 'skopeo', () => {
  const cleanup = useCleanup()
  const image = imageOf({ hello: 'hello from the test', more: 'a second layer' })
  let kura: Kura
  let containers: Containers

  beforeAll(async () => {
    kura = await startKuraHere(cleanup)
    containers = await openContainers(cleanup)
  })

  const file = (name: string) => join(containers.folder, name)
  const remote = (name: string) => `docker://${kura.host}/${name}`
  const push = (repository: string, tag: string, what: Image = image) =>
    pushImage({ url: kura.url, repository }, tag, what)

  async function digestOf(reference: string) {
    return JSON.parse(await containers.skopeo('inspect', plain, reference)).Digest as string
  }

  it('copies an OCI layout into the registry and out again', async () => {
    const { skopeo } = containers
    await writeLayout(file('layout'), image)
    await skopeo('copy', toPlain, `oci:${file('layout')}:latest`, remote('oci/app:v1'))
    expect(await digestOf(remote('oci/app:v1'))).toBe(image.digest)

    await skopeo('copy', fromPlain, remote('oci/app:v1'), `oci:${file('back')}:latest`)
    expect(await digestOf(`oci:${file('back')}:latest`)).toBe(image.digest)
  })

  it('copies a folder into the registry and out again', async () => {
    const { skopeo } = containers
    await push('dir/app', 'v1')
    await skopeo('copy', fromPlain, remote('dir/app:v1'), `dir:${file('dir')}`)
    await skopeo('copy', toPlain, `dir:${file('dir')}`, remote('dir/copy:v1'))
    expect(await digestOf(remote(`dir/copy@${image.digest}`))).toBe(image.digest)
  })

  it('copies from one repository to another', async () => {
    await push('from/app', 'v1')
    const [source, target] = [remote('from/app:v1'), remote('to/app:v1')]
    await containers.skopeo('copy', fromPlain, toPlain, source, target)
    expect(await digestOf(target)).toBe(image.digest)
  })

  it('inspects an image, its configuration and its raw manifest', async () => {
    const { skopeo } = containers
    await push('inspected', 'v1')
    const inspected = JSON.parse(await skopeo('inspect', plain, remote('inspected:v1')))
    expect(inspected).toMatchObject({ Digest: image.digest, Os: 'linux', RepoTags: ['v1'] })
    expect(inspected.Layers).toHaveLength(2)

    const raw = await skopeo('inspect', plain, '--raw', remote('inspected:v1'))
    expect(raw).toBe(image.manifest.toString())
    const config = await skopeo('inspect', plain, '--config', '--raw', remote('inspected:v1'))
    expect(config).toBe(image.config.toString())
  })

  it('lists tags', async () => {
    for (const tag of ['b', 'a', 'c']) await push('listed', tag)
    const listed = JSON.parse(await containers.skopeo('list-tags', plain, remote('listed')))
    expect(listed).toEqual({
      Repository: `${kura.host}/listed`,
      Tags: ['a', 'b', 'c'],
    })
  })

  it('deletes an image by tag and by digest', async () => {
    const { skopeo } = containers
    const others = ['one', 'two'].map((text) => imageOf({ text }))
    for (const [index, other] of others.entries()) await push('deleted', `v${index}`, other)
    await push('deleted', 'kept')

    await skopeo('delete', plain, remote('deleted:v0'))
    await skopeo('delete', plain, remote(`deleted@${others[1]?.digest}`))
    const listed = JSON.parse(await skopeo('list-tags', plain, remote('deleted')))
    expect(listed.Tags).toEqual(['kept'])
    await expect(skopeo('inspect', plain, remote('deleted:v0'))).rejects.toThrow(/manifest unknown/)
  })

  it('copies an index with all its images', async () => {
    const { skopeo } = containers
    const images = {
      amd64: imageOf({ hello: 'amd64' }, 'amd64'),
      arm64: imageOf({ hello: 'arm64' }, 'arm64'),
    }
    const digest = await writeIndexLayout(file('index'), images)
    const [source, target] = [`oci:${file('index')}:latest`, remote('multi/app:v1')]
    await skopeo('copy', '--all', toPlain, source, target)

    const raw = await skopeo('inspect', plain, '--raw', remote(`multi/app@${digest}`))
    expect(JSON.parse(raw).manifests).toHaveLength(2)
    const back = `oci:${file('index-back')}:latest`
    await skopeo('copy', '--all', fromPlain, target, back)
    expect(JSON.parse(await skopeo('inspect', '--raw', back))).toEqual(JSON.parse(raw))

    const arm = ['--override-arch=arm64', 'inspect', plain]
    expect(JSON.parse(await skopeo(...arm, target)).Architecture).toBe('arm64')
  })
})
