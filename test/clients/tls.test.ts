/** Real clients talk TLS, with a certificate of an authority they are told of, also when it is renewed. */
import { copyFile, mkdir } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { openAuthority } from '../../gateway/listen/certificates/authority.ts'
import { useCleanup } from '../support/cleanup.ts'
import { openContainers } from '../support/containers.ts'
import { startKuraHere } from '../support/place.ts'
import { describeWith } from '../support/programs.ts'

describeWith(['skopeo', 'podman', 'buildah'], 'a kura with TLS', () => {
  const cleanup = useCleanup()

  async function startWithTls(extra: Record<string, string> = {}) {
    const folder = await cleanup.folder()
    const made = await openAuthority({ folder, names: ['127.0.0.1', 'localhost'] })
    const kura = await startKuraHere(cleanup, {
      env: {
        REGISTRY_HTTP_TLS_CERTIFICATE: made.certificate,
        REGISTRY_HTTP_TLS_KEY: made.key,
        ...extra,
      },
    })
    return { kura, made, folder }
  }

  it('takes a push and gives it back to those who trust its authority', async () => {
    const { kura, made, folder } = await startWithTls()
    const { podman, buildah, skopeo } = await openContainers(cleanup)
    const trusted = join(folder, 'trusted')
    await mkdir(trusted)
    await copyFile(made.authority, join(trusted, 'ca.crt'))

    const container = (await buildah('from', 'scratch')).trim()
    const image = `${kura.host}/team/app:v1`
    await buildah('commit', container, image)
    await podman('push', '--cert-dir', trusted, image)
    await podman('image', 'rm', image)
    await podman('pull', '--cert-dir', trusted, image)

    const remote = `docker://${kura.host}/team/app`
    await expect(skopeo('list-tags', remote)).rejects.toThrow(/certificate/)
    const { Tags } = JSON.parse(await skopeo('list-tags', '--cert-dir', trusted, remote))
    expect(Tags).toEqual(['v1'])
  })

  it('tells what is not TLS to come with TLS', async () => {
    const { kura } = await startWithTls()
    const plain = await fetch(kura.url)
    expect(plain.status).toBe(400)
    expect(await plain.text()).toBe('Client sent an HTTP request to an HTTPS server.\n')
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
    const { port } = kura
    request({ port, path: '/v2/', rejectUnauthorized: false }, (it) => resolve(it.statusCode))
      .once('error', reject)
      .end()
    expect(await promise).toBe(200)
  })
})
