/** A client certificate says who is asking, where nothing else does. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { createWorkshop, type Made } from '../gateway/listen/openssl.ts'
import { useCleanup } from '../support/cleanup.ts'
import { startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'

const policies = `
groups: { builders: [] }
rules:
  - { name: builders push, who: ["group:builders"], repositories: ["team/**"], actions: [pull, push] }
  - { name: alice pulls, who: [alice], repositories: ["team/**"], actions: [pull] }
`

describeWith(['linux'], 'a kura that knows people by their certificates', () => {
  const cleanup = useCleanup()
  const shop = createWorkshop()
  afterAll(() => shop.remove())

  it('lets each of them do what the policies say of them', async () => {
    const folder = join(await cleanup.folder(), 'policies')
    await mkdir(folder)
    await writeFile(join(folder, 'team.yaml'), policies)
    const ca = shop.make({
      name: 'ca',
      subject: '/CN=the authority',
      extensions: ['basicConstraints=critical,CA:TRUE'],
    })
    const server = shop.make({ name: 'server', names: 'IP:127.0.0.1', issuer: ca })
    const alice = shop.make({ name: 'alice', subject: '/CN=alice', issuer: ca })
    const robot = shop.make({ name: 'robot', subject: '/O=builders/CN=robot', issuer: ca })
    const kura = await startKura({
      env: {
        REGISTRY_HTTP_TLS_CERTIFICATE: server.certificate,
        REGISTRY_HTTP_TLS_KEY: server.key,
        REGISTRY_HTTP_TLS_CLIENTCAS: JSON.stringify([ca.certificate]),
        REGISTRY_KURA_POLICIES: folder,
      },
    })
    cleanup.add(kura.stop)
    const trusted = await readFile(ca.certificate)

    const ask = (who: Made, method: string, path: string) => {
      const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
      const shown = { cert: who.pem, key: who.keyPem, ca: trusted }
      request({ host: '127.0.0.1', port: kura.port, method, path, ...shown }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
        .once('error', reject)
        .end()
      return promise
    }
    expect(await ask(robot, 'POST', '/v2/team/app/blobs/uploads/')).toBe(202)
    expect(await ask(alice, 'POST', '/v2/team/app/blobs/uploads/')).toBe(403)
    expect(await ask(alice, 'HEAD', `/v2/team/app/manifests/v1`)).toBe(404)
    expect(await ask(robot, 'GET', '/v2/other/tags/list')).toBe(403)
  })
})
