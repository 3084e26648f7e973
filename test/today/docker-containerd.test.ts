/**
 * Docker with containerd's image store, the default of today's Docker: it pushes each blob by POST and
 * PUT, and images with their provenance as an index.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import { send } from '../support/http.ts'
import { indexType } from '../support/image.ts'
import type { Kura } from '../support/kura.ts'
import { startKuraHere } from '../support/place.ts'
import { describeWith } from '../support/programs.ts'
import { manifestUrl, pullImage } from '../support/push.ts'

type Child = { digest: string; annotations?: Record<string, string> }

describeWith(['dockerd', 'docker', 'root'], "docker with containerd's image store", () => {
  const cleanup = useCleanup()
  let kura: Kura
  let engine: DockerEngine
  let image: string

  beforeAll(async () => {
    kura = await startKuraHere(cleanup, {
      env: { REGISTRY_LOG_LEVEL: 'info', REGISTRY_LOG_FORMATTER: 'text' },
    })
    engine = await startDockerEngine(cleanup, { features: { 'containerd-snapshotter': true } })
    image = `${kura.host}/team/app:v1`
    await writeFile(join(engine.folder, 'hello'), 'hello from the test')
    await writeFile(join(engine.folder, 'Dockerfile'), 'FROM scratch\nCOPY hello /hello\n')
    const provenance = ['buildx', 'build', '--quiet', '--provenance=true', '--load']
    await engine.docker(...provenance, '--tag', image, engine.folder)
  }, 300_000)

  const place = () => ({ url: kura.url, repository: 'team/app' })
  const childrenOf = async (tag: string) => {
    const answer = await send('GET', manifestUrl(place(), tag))
    expect(answer.headers['content-type']).toBe(indexType)
    return JSON.parse(answer.body.toString()).manifests as Child[]
  }

  it('pushes an image with its provenance as one index, each blob by POST and PUT', async () => {
    await engine.docker('push', image)
    const [built, attestation] = await childrenOf('v1')
    expect(attestation?.annotations).toMatchObject({
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': built?.digest,
    })
    for (const { digest } of await childrenOf('v1')) await pullImage(place(), digest)
    expect(kura.output()).not.toMatch(/"PATCH /)
  })

  it('pushes it to another repository', async () => {
    const elsewhere = `${kura.host}/other/app:v1`
    await engine.docker('tag', image, elsewhere)
    await engine.docker('push', elsewhere)
    const other = { url: kura.url, repository: 'other/app' }
    for (const { digest } of await childrenOf('v1')) await pullImage(other, digest)
  })

  it('pulls by tag and by digest what it pushed', async () => {
    const { headers } = await send('HEAD', manifestUrl(place(), 'v1'))
    const digest = `${headers['docker-content-digest']}`
    for (const name of [image, `${kura.host}/team/app@${digest}`]) {
      await engine.docker('image', 'rm', '--force', image)
      expect(await engine.docker('pull', name)).toContain(digest)
    }
    await engine.docker('tag', `${kura.host}/team/app@${digest}`, image)
  })

  it('hears that an image it asks for is not there', async () => {
    const missing = engine.docker('pull', `${kura.host}/team/app:missing`)
    await expect(missing).rejects.toThrow(/not found/)
  })
})
