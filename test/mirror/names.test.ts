/** The names by which clients mean a mirrored repository, and those under which it is kept. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { createRoutes } from '../../mirror/routes.ts'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { close, listening } from '../support/http-server.ts'
import { imageFrom } from '../support/image.ts'
import { describeWith } from '../support/programs.ts'
import { manifestUrl, pullImage, pushImage } from '../support/push.ts'
import { everything, type Node, startNode, usualSettings } from './support/node.ts'
import { startUpstream, type Upstream } from './support/upstream.ts'

describe('a name', () => {
  const hub = {
    ...usualSettings,
    ...{ prefix: 'docker.io', namespaces: ['docker.io', 'index.docker.io'], hasLibrary: true },
    defaults: ['library/**'],
  }
  const ghcr = { ...usualSettings, prefix: 'ghcr.io', namespaces: ['ghcr.io'] }
  const deeper = { ...usualSettings, prefix: 'ghcr.io/inside', namespaces: ['inside'] }
  const routes = createRoutes([hub, ghcr, deeper])

  const names: [asked: string, here: string | undefined][] = [
    ['docker.io/library/nginx', 'docker.io/library/nginx'],
    ['docker.io/nginx', 'docker.io/library/nginx'],
    ['docker.io/grafana/grafana', 'docker.io/grafana/grafana'],
    ['library/nginx', 'docker.io/library/nginx'],
    ['ghcr.io/org/app', 'ghcr.io/org/app'],
    ['ghcr.io/app', 'ghcr.io/app'],
    ['ghcr.io', undefined],
    ['docker.iox/app', undefined],
    ['team/app', undefined],
    ['nginx', undefined],
  ]
  it.each(names)('%s is kept as %s', (asked, here) => {
    expect(routes.find(asked)?.repository).toBe(here)
  })

  it('with a namespace is that of its registry, and of no unknown one', () => {
    expect(routes.findNamespace('docker.io', 'nginx')?.repository).toBe('docker.io/library/nginx')
    expect(routes.findNamespace('INDEX.docker.io', 'a/b')?.repository).toBe('docker.io/a/b')
    expect(routes.findNamespace('127.0.0.1:22', 'a/b')).toBeUndefined()
  })

  it('may have the prefix beside the namespace', () => {
    for (const name of ['docker.io/nginx', 'docker.io/library/nginx']) {
      expect(routes.findNamespace('docker.io', name)?.repository).toBe('docker.io/library/nginx')
    }
    expect(routes.findNamespace('inside', 'ghcr.io/inside/a')?.repository).toBe('ghcr.io/inside/a')
    expect(routes.findNamespace('ghcr.io', 'docker.io/a')?.repository).toBe('ghcr.io/docker.io/a')
  })

  it('is nowhere, where the prefix of another mirror begins the name here', () => {
    const whole = { ...usualSettings, prefix: '', namespaces: ['whole'] }
    const eager = { ...ghcr, defaults: ['inside/**'] }
    const library = { ...usualSettings, prefix: 'docker.io/library', namespaces: [] }
    const crossing = createRoutes([whole, hub, eager, deeper, library])
    const found = [
      crossing.findNamespace('ghcr.io', 'inside/app'),
      crossing.findNamespace('ghcr.io', 'ghcr.io/inside/app'),
      crossing.findNamespace('whole', 'ghcr.io/app'),
      crossing.findNamespace('docker.io', 'nginx'),
      crossing.find('inside/app'),
      crossing.find('library/nginx'),
      crossing.find('docker.io/nginx'),
    ]
    for (const it of found) expect(it).toMatchObject({ repository: undefined })
    expect(crossing.find('ghcr.io/inside/app')?.repository).toBe('ghcr.io/inside/app')
  })

  it('leads to the upstream with the longest prefix', () => {
    expect(routes.remoteOf('ghcr.io/inside/app')).toEqual({ mirror: deeper, remote: 'app' })
    expect(routes.remoteOf('ghcr.io/other/app')).toEqual({ mirror: ghcr, remote: 'other/app' })
    expect(routes.remoteOf('team/app')).toBeUndefined()
  })

  it('is any, where the whole registry is a mirror', () => {
    const whole = { ...usualSettings, prefix: '' }
    const both = createRoutes([whole, ghcr])
    expect(both.remoteOf('team/app')).toEqual({ mirror: whole, remote: 'team/app' })
    expect(both.remoteOf('ghcr.io/app')).toEqual({ mirror: ghcr, remote: 'app' })
  })
})

describeWith(['docker-registry'], 'a mirror beside local repositories', () => {
  const cleanup = useCleanup()
  const image = imageFrom(Buffer.from('mirrored'))
  const own = imageFrom(Buffer.from('local'))
  let upstream: Upstream
  let node: Node

  beforeAll(async () => {
    upstream = await startUpstream(cleanup)
    for (const repository of ['library/nginx', 'secret/app']) {
      for (const tag of ['v1', 'nightly']) {
        await pushImage({ url: upstream.registry.url, repository }, tag, image)
      }
    }
    node = await startNode(cleanup, {
      upstream,
      root: await cleanup.folder(),
      settings: {
        hasLibrary: true,
        defaults: ['library/**'],
        repositories: { ...everything, deny: ['secret/**'] },
        tags: { ...everything, deny: ['nightly'] },
      },
    })
    await pushImage({ url: node.url, repository: 'team/app' }, 'v1', own)
  })

  const get = (path: string) => send('GET', `${node.url}/v2/${path}`)

  it.each(['library/nginx', 'up/library/nginx', 'up/nginx'])(
    'is pulled as %s',
    async (repository) => {
      expect(await pullImage({ url: node.url, repository }, 'v1')).toBe(image.digest)
      const { status } = await send('HEAD', manifestUrl({ url: node.url, repository }, 'v1'))
      expect(status).toBe(200)
    },
  )

  it('is pulled with ?ns=, which comes back', async () => {
    const answer = await get('nginx/manifests/v1?ns=upstream.example')
    expect(answer.status).toBe(200)
    expect(answer.headers['oci-namespace']).toBe('upstream.example')
    const { layers } = JSON.parse(answer.body.toString())
    const blob = await get(`nginx/blobs/${layers[0].digest}?ns=upstream.example`)
    expect(blob.body.toString()).toBe('mirrored')
  })

  it('answers 404 to an unknown namespace, and asks nobody', async () => {
    upstream.asked()
    const unknown = await get('nginx/manifests/v1?ns=127.0.0.1:1')
    expect(unknown.status).toBe(404)
    expect(JSON.parse(unknown.body.toString()).errors[0].code).toBe('NAME_UNKNOWN')
    expect(upstream.asked()).toEqual([])
  })

  it('is pulled with its prefix beside ?ns=, as after a rewrite', async () => {
    for (const name of ['up/library/nginx', 'up/nginx']) {
      const answer = await get(`${name}/manifests/v1?ns=upstream.example`)
      expect([answer.status, answer.headers['oci-namespace']]).toEqual([200, 'upstream.example'])
    }
  })

  it('leaves local repositories alone, also under the namespace of the registry itself', async () => {
    upstream.asked()
    const { host } = new URL(node.url)
    for (const query of ['', `?ns=${host}`]) {
      expect((await get(`team/app/manifests/v1${query}`)).status).toBe(200)
    }
    expect((await get('team/app/manifests/none')).status).toBe(404)
    expect(upstream.asked()).toEqual([])
  })

  it.each(['library/nginx', 'up/library/nginx'])('refuses a push to %s', async (repository) => {
    const { status, headers } = await send('POST', `${node.url}/v2/${repository}/blobs/uploads/`)
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD'])
  })

  it('lets a blob be mounted into a local repository', async () => {
    await pullImage({ url: node.url, repository: 'up/nginx' }, 'v1')
    const { layers } = JSON.parse(image.manifest.toString())
    const query = `mount=${layers[0].digest}&from=up/library/nginx`
    const { status } = await send('POST', `${node.url}/v2/team/app/blobs/uploads/?${query}`)
    expect(status).toBe(201)
  })

  it.each(['up/secret/app/manifests/v1', 'up/nginx/manifests/nightly'])(
    'refuses what its settings leave out: %s',
    async (path) => {
      const answer = await get(path)
      expect(answer.status).toBe(403)
      expect(JSON.parse(answer.body.toString()).errors[0].code).toBe('DENIED')
    },
  )

  it('leaves such tags out of the list', async () => {
    const { body } = await get('up/library/nginx/tags/list')
    expect(JSON.parse(body.toString()).tags).toEqual(['v1'])
  })
})

describe('a registry that is the mirror of one other', () => {
  const cleanup = useCleanup()

  it('is asked with the names of that one and its own, and has nothing of others', async () => {
    const asked: string[] = []
    const upstream = createServer((incoming, answer) => {
      asked.push(incoming.url ?? '')
      answer.writeHead(404).end()
    })
    await listening(upstream, { port: 0, host: '127.0.0.1' })
    cleanup.add(() => close(upstream))
    const node = await startNode(cleanup, {
      upstream: { url: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` },
      root: await cleanup.folder(),
      settings: { prefix: '', namespaces: ['docker.io', 'index.docker.io'], hasLibrary: true },
    })
    const codeOf = async (namespace: string) => {
      const url = `${node.url}/v2/nginx/manifests/v1?ns=${namespace}`
      return JSON.parse((await send('GET', url)).body.toString()).errors[0].code
    }
    for (const own of ['', 'docker.io', 'INDEX.docker.io', new URL(node.url).host]) {
      expect(await codeOf(own)).toBe('MANIFEST_UNKNOWN')
      expect(asked.splice(0)).toContain('/v2/library/nginx/manifests/v1')
    }
    for (const other of ['ghcr.io', '127.0.0.1:1', 'docker.io.example']) {
      expect(await codeOf(other)).toBe('NAME_UNKNOWN')
      expect(asked).toEqual([])
    }
  })
})

describe('an upstream that leads back to its mirror', () => {
  const cleanup = useCleanup()

  it('is found out by the first request', async () => {
    let target = ''
    const detour = createServer((incoming, answer) => {
      send(incoming.method ?? 'GET', `${target}${incoming.url?.replace('/v2/', '/v2/up/')}`, {
        headers: { via: String(incoming.headers.via) },
      }).then(({ status, body }) => answer.writeHead(status).end(body))
    })
    await listening(detour, { port: 0, host: '127.0.0.1' })
    cleanup.add(() => close(detour))
    const url = `http://127.0.0.1:${(detour.address() as AddressInfo).port}`
    const root = await cleanup.folder()
    const node = await startNode(cleanup, { root, upstream: { url } })
    target = node.url
    const answer = await send('GET', manifestUrl({ url: node.url, repository: 'up/app' }, 'v1'))
    expect(answer.status).toBe(502)
    expect(answer.body.toString()).toContain('itself')
  })
})
