/** A real Docker engine pushes to kura and pulls from it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import type { Kura } from '../support/kura.ts'
import { startKuraHere } from '../support/place.ts'
import { describeWith } from '../support/programs.ts'

describeWith(['dockerd', 'docker', 'root'], 'docker engine', () => {
  const cleanup = useCleanup()
  let kura: Kura
  let engine: DockerEngine
  let image: string

  beforeAll(async () => {
    // With a line for each request.
    kura = await startKuraHere(cleanup, { env: { REGISTRY_LOG_FORMATTER: 'text' } })
    engine = await startDockerEngine(cleanup)
    image = `${kura.host}/team/app:v1`
    await writeFile(join(engine.folder, 'hello'), 'hello from the test')
    await writeFile(join(engine.folder, 'more'), 'a second layer')
    const recipe = 'FROM scratch\nCOPY hello /hello\nCOPY more /more\nCMD ["/hello"]\n'
    await writeFile(join(engine.folder, 'Dockerfile'), recipe)
    await engine.docker('build', '--quiet', '--tag', image, engine.folder)
  }, 300_000)

  const digestIn = (output: string) => /sha256:[0-9a-f]{64}/.exec(output)?.[0]
  const idOf = (name: string) => engine.docker('image', 'inspect', '--format', '{{.Id}}', name)

  it('pushes an image, and finds every layer there when it pushes again', async () => {
    const first = await engine.docker('push', image)
    expect(first.match(/: Pushed/g)).toHaveLength(2)

    const again = await engine.docker('push', image)
    expect(again.match(/: Layer already exists/g)).toHaveLength(2)
    expect(digestIn(again)).toBe(digestIn(first))
  })

  it('pulls by tag and by digest what it pushed', async () => {
    const id = await idOf(image)
    const digest = digestIn(await engine.docker('push', image))

    for (const name of [image, `${kura.host}/team/app@${digest}`]) {
      await engine.docker('image', 'rm', '--force', id.trim())
      const pulled = await engine.docker('pull', name)
      expect(digestIn(pulled)).toBe(digest)
      expect(pulled.match(/: Pull complete/g)).toHaveLength(2)
      expect(await idOf(name)).toBe(id)
    }
    await engine.docker('tag', id.trim(), image)
  })

  it('pushes a second tag of the same image without sending a layer', async () => {
    const second = `${kura.host}/team/app:v2`
    await engine.docker('tag', image, second)
    const pushed = await engine.docker('push', second)
    expect(pushed.match(/: Layer already exists/g)).toHaveLength(2)
    expect(digestIn(pushed)).toBe(digestIn(await engine.docker('push', image)))
  })

  it('mounts the layers when it pushes the image to another repository', async () => {
    const elsewhere = `${kura.host}/other/app:v1`
    await engine.docker('tag', image, elsewhere)
    const pushed = await engine.docker('push', elsewhere)

    expect(pushed.match(/: Mounted from team\/app/g)).toHaveLength(2)
    await kura.said(/"POST \/v2\/other\/app\/blobs\/uploads\/\?\S*mount=\S+ HTTP\/1.1" 201/)
  })

  it('hears that an image it asks for is not there', async () => {
    const missing = engine.docker('pull', `${kura.host}/team/app:missing`)
    await expect(missing).rejects.toThrow(/manifest.*(unknown|not found)/)
  })
})
