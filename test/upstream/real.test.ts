/** Real registries as upstreams: docker-registry with basic and with tokens, and a second kura. */
import { randomBytes } from 'node:crypto'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { hash } from 'bcryptjs'
import { credentialsOfFile } from '../../upstream/access/credentials.ts'
import { credentialsOfHelper } from '../../upstream/access/helper.ts'
import type { Upstream } from '../../upstream/registry.ts'
import { createWorkshop } from '../gateway/listen/openssl.ts'
import { useCleanup } from '../support/cleanup.ts'
import { startDistribution } from '../support/distribution.ts'
import { digestOf, imageFrom } from '../support/image.ts'
import { startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { pushImage } from '../support/push.ts'
import { failure, login, open } from './support.ts'
import { startTokenServer } from './token-server.ts'

const cleanup = useCleanup()
const layer = randomBytes(300_000)
const image = imageFrom(layer)
const blob = digestOf(layer)
const ann = login('ann', 'secret')

async function pullWith(upstream: Upstream) {
  const { digest } = (await upstream.manifests.find('team/app', 'v1')) ?? {}
  const found = await upstream.manifests.get('team/app', digest ?? '')
  const read = await upstream.blobs.open('team/app', blob, { offset: 100_000, size: layer.length })
  const rest = read && (await buffer(read.body))
  return [found?.bytes.equals(image.manifest), rest?.equals(layer.subarray(100_000))]
}

describeWith(['docker-registry', 'linux'], 'docker-registry as an upstream', () => {
  const shop = createWorkshop()
  afterAll(() => shop.remove())
  let root: string
  beforeAll(async () => {
    root = await cleanup.folder()
    const { url } = await startDistribution(cleanup, root)
    await pushImage({ url, repository: 'team/app' }, 'v1', image)
  })

  it('that wants basic gets the login, and one without is told so', async () => {
    const folder = await cleanup.folder()
    const path = join(folder, 'htpasswd')
    await writeFile(path, `ann:${await hash('secret', 4)}\n`)
    const auth = { htpasswd: { realm: 'a realm', path } }
    const url = new URL((await startDistribution(cleanup, root, auth)).url)

    expect(await pullWith(open(cleanup, url, { credentials: ann }))).toEqual([true, true])
    const refused = open(cleanup, url, { credentials: login('ann', 'wrong') })
    expect(await failure(pullWith(refused))).toEqual([
      'unauthorized',
      expect.stringMatching(/refuses the login of ann.*\(401\)/),
    ])
    expect(await failure(pullWith(open(cleanup, url)))).toEqual([
      'unauthorized',
      expect.stringMatching(/wants a login, and there is none/),
    ])

    const file = join(folder, 'password')
    await writeFile(file, 'wrong\n')
    const changing = open(cleanup, url, { credentials: credentialsOfFile('ann', file) })
    expect((await failure(pullWith(changing)))[0]).toBe('unauthorized')
    await writeFile(file, 'secret\n')
    expect(await pullWith(changing)).toEqual([true, true])
  })

  it('that wants tokens is given one for any number of requests at once', async () => {
    const tokens = await startTokenServer(cleanup, shop.make({ name: 'signer' }))
    const url = new URL((await startDistribution(cleanup, root, tokens.auth)).url)
    const upstream = open(cleanup, url, { credentials: ann })

    const pulls = Array.from({ length: 20 }, () => pullWith(upstream))
    expect(await Promise.all(pulls)).toEqual(pulls.map(() => [true, true]))
    expect(tokens.asked).toHaveLength(1)
    expect(await upstream.tags('team/app')).toEqual(['v1'])
    expect(tokens.asked).toHaveLength(1)

    tokens.setPassword('another')
    expect(await failure(upstream.tags('team/other'))).toEqual([
      'unauthorized',
      expect.stringMatching(/its token server .* refuses the login of ann \(401\)/),
    ])
    const folder = await cleanup.folder()
    const program = join(folder, 'docker-credential-test')
    const answer = '{"ServerURL":"' + "'$server'" + '","Username":"ann","Secret":"another"}'
    await writeFile(program, `#!/bin/sh\nread server\necho '${answer}'\necho x >> ${folder}/runs\n`)
    await chmod(program, 0o755)
    const credentials = credentialsOfHelper({ program, server: url.host })
    expect(await pullWith(open(cleanup, url, { credentials }))).toEqual([true, true])
  })
})

describeWith(['docker-registry', 'linux'], 'a kura as an upstream', () => {
  it('is asked with its own tokens, lists its pages, and names referrers', async () => {
    const folder = await cleanup.folder()
    const path = join(folder, 'htpasswd')
    await writeFile(path, `ann:${await hash('secret', 4)}\n`)
    const auth = { htpasswd: { realm: 'kura', path } }
    const root = await cleanup.folder()
    const { url } = await startDistribution(cleanup, root)
    const place = { url, repository: 'team/app' }
    for (const tag of ['v1', 'v2', 'v3']) await pushImage(place, tag, image)

    const env = {
      REGISTRY_AUTH: JSON.stringify(auth),
      REGISTRY_KURA_TOKENS_CHALLENGE: 'bearer',
    }
    const kura = await startKura({ root, env })
    cleanup.add(kura.stop)
    const upstream = open(cleanup, new URL(kura.url), { credentials: ann })
    expect(await pullWith(upstream)).toEqual([true, true])
    expect(await upstream.tags('team/app')).toEqual(['v1', 'v2', 'v3'])
    expect(await upstream.repositories()).toEqual(['team/app'])
    expect(await upstream.referrers('team/app', image.digest as never)).toEqual([])
    expect(await upstream.tags('team/none')).toBeUndefined()
    expect(await upstream.manifests.get('team/app', 'none')).toBeUndefined()
  })
})
