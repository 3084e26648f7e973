/** What `allow` and `deny` leave out is not given away, though it is here: by no spelling, mount or mode. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { close, listening } from '../support/http-server.ts'
import { digestOf, imageFrom } from '../support/image.ts'
import { startKura } from '../support/kura.ts'
import { pushImage } from '../support/push.ts'
import { everything, type Node, startNode } from './support/node.ts'

describe('a repository that a mirror leaves out', () => {
  const cleanup = useCleanup()
  const secret = digestOf(Buffer.from('secret'))
  const open = digestOf(Buffer.from('open'))
  const asked: string[] = []
  let url: string
  let node: Node
  let whole: Node

  beforeAll(async () => {
    const upstream = createServer((incoming, answer) => {
      asked.push(incoming.url ?? '')
      answer.writeHead(404).end()
    })
    await listening(upstream, { port: 0, host: '127.0.0.1' })
    cleanup.add(() => close(upstream))
    url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`

    const root = await cleanup.folder()
    const before = await startNode(cleanup, { root, upstream: { url }, settings: { prefix: 'x' } })
    for (const name of ['secret', 'open']) {
      const at = { url: before.url, repository: `up/${name}/app` }
      await pushImage(at, 'v1', imageFrom(Buffer.from(name)))
    }
    await before.stop()
    const repositories = { ...everything, deny: ['secret/**', 'Loud/**'] }
    node = await startNode(cleanup, { root, upstream: { url }, settings: { repositories } })
    whole = await startNode(cleanup, {
      ...{ root: await cleanup.folder(), upstream: { url } },
      settings: { prefix: '', repositories },
    })
  })

  const statusOf = async ({ url }: { url: string }, path: string) =>
    (await send('GET', `${url}/v2/${path}`)).status

  it.each(['secret/app', 'Secret/app', 'SECRET/app', 'loud/app', 'LOUD/app'])(
    'is left out in any case of its letters: %s',
    async (name) => {
      asked.splice(0)
      for (const query of ['', '?ns=upstream.example']) {
        expect(await statusOf(whole, `${name}/manifests/v1${query}`)).toBe(403)
      }
      const isName = name === name.toLowerCase()
      const ofPart = await statusOf(node, `${name}/manifests/v1?ns=upstream.example`)
      expect(ofPart).toBe(isName ? 403 : 400)
      expect(asked).toEqual([])
    },
  )

  it('is any that could not be pushed, where it is not here', async () => {
    asked.splice(0)
    const query = '?ns=upstream.example'
    for (const at of [whole, node]) {
      expect(await statusOf(at, `Team/app/manifests/v1${query}`)).toBe(400)
    }
    expect(await statusOf(node, `${'a'.repeat(250)}/app/manifests/v1${query}`)).toBe(400)
    expect(asked).toEqual([])
  })

  it('is no source of a mount, and neither is everywhere', async () => {
    const mount = async (query: string) =>
      (await send('POST', `${node.url}/v2/team/app/blobs/uploads/?mount=${query}`)).status
    expect(await mount(`${secret}&from=up/secret/app`)).toBe(202)
    expect(await mount(secret)).toBe(202)
    expect(await statusOf(node, `team/app/blobs/${secret}`)).toBe(404)
    expect(await mount(`${open}&from=up/open/app`)).toBe(201)
  })

  it('is left out of a registry that is read only as well', async () => {
    const kura = await startKura({
      root: node.root,
      env: {
        REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED: 'true',
        REGISTRY_KURA_PROCESSES: '1',
        REGISTRY_KURA_MIRRORS_0_REMOTEURL: url,
        REGISTRY_KURA_MIRRORS_0_PREFIX: 'up',
        REGISTRY_KURA_MIRRORS_0_DENY_REPOSITORIES: '[secret/**]',
      },
    })
    cleanup.add(kura.destroy)
    expect(await statusOf(kura, 'up/open/app/manifests/v1')).toBe(200)
    expect(await statusOf(kura, 'up/secret/app/manifests/v1')).toBe(403)
    expect(await statusOf(kura, `up/secret/app/blobs/${secret}`)).toBe(403)
  })
})
