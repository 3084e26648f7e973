/** Tags of a mirror: how often the upstream is asked, and what a client hears when it fails. */
import { beforeAll, beforeEach, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { imageFrom, manifestType } from '../support/image.ts'
import { describeWith } from '../support/programs.ts'
import { manifestUrl, pullImage, pushImage } from '../support/push.ts'
import { type Node, startNode } from './support/node.ts'
import { startUpstream, type Upstream } from './support/upstream.ts'

describeWith(['docker-registry'], 'a tag of a mirror', () => {
  const cleanup = useCleanup()
  const [first, second] = [imageFrom(Buffer.from('first')), imageFrom(Buffer.from('second'))]
  let upstream: Upstream

  beforeAll(async () => {
    upstream = await startUpstream(cleanup)
  })
  beforeEach(() => upstream.heal())

  const start = async (tagTtlMs: number, root?: string, more = {}) =>
    startNode(cleanup, {
      ...{ upstream, patience: 500, settings: { tagTtlMs }, ...more },
      root: root ?? (await cleanup.folder()),
    })
  const push = (tag: string, image = first) =>
    pushImage({ url: upstream.registry.url, repository: 'app' }, tag, image)
  const at = ({ url }: Node) => ({ url, repository: 'up/app' })
  const get = (node: Node, reference: string) => send('GET', manifestUrl(at(node), reference))

  it('is asked for with HEAD, once within its time by all processes of a machine', async () => {
    await push('once')
    const root = await cleanup.folder()
    const nodes = await Promise.all([start(60_000, root), start(60_000, root)])
    const pulls = nodes.flatMap((node) => [1, 2, 3].map(() => get(node, 'once')))
    for (const { status } of await Promise.all(pulls)) expect(status).toBe(200)
    const asked = upstream.asked().filter((it) => it.includes('/manifests/'))
    expect(asked).toEqual(['HEAD /v2/app/manifests/once', `GET /v2/app/manifests/${first.digest}`])
  })

  it('moves with that of the upstream once its time is over', async () => {
    const node = await start(0)
    await push('moves', first)
    expect(await pullImage(at(node), 'moves')).toBe(first.digest)
    await push('moves', second)
    expect(await pullImage(at(node), 'moves')).toBe(second.digest)
  })

  const failures: [what: string, fail: (upstream: Upstream) => void, cause: RegExp][] = [
    ['500', (it) => it.fail(500), /500/],
    ['401', (it) => it.fail(401), /./],
    ['403', (it) => it.fail(403), /403/],
    ['429', (it) => it.fail(429, { 'Retry-After': '1' }), /429/],
    ['404', (it) => it.fail(404), /no such tag/],
    ['no answer', (it) => it.meddle(() => true), /./],
    ['a connection that breaks', (it) => it.meddle(({ socket }) => Boolean(socket.destroy())), /./],
  ]
  it.each(failures)('that is here is answered on %s, with a warning', async (what, fail, cause) => {
    const node = await start(0)
    const tag = `kept-${what.replaceAll(' ', '-')}`
    await push(tag)
    await pullImage(at(node), tag)
    fail(upstream)
    const answer = await get(node, tag)
    expect(answer.status).toBe(200)
    expect(answer.headers['docker-content-digest']).toBe(first.digest)
    expect(answer.headers.warning).toMatch(/^110 kura "/)
    expect(answer.headers.warning).toContain(upstream.host)
    expect(answer.headers.warning).toMatch(cause)
    upstream.heal()
    // A registry that asked for a pause gets it.
    if (what === '429') return
    expect((await get(node, tag)).headers).not.toHaveProperty('warning')
  })

  it('that is not here is 504 where the upstream does not answer, from every process', async () => {
    const root = await cleanup.folder()
    const nodes = await Promise.all([1, 2].map(() => start(0, root, { leasePatience: 100 })))
    upstream.meddle(() => true)
    for (const { status, body } of await Promise.all(nodes.map((node) => get(node, 'late')))) {
      expect(status).toBe(504)
      expect(body.toString()).toContain(`${upstream.host}: `)
    }
  })

  it('that is here is answered in time where its new manifest does not come, and moves with it later', async () => {
    const root = await cleanup.folder()
    const node = await start(0, root, { patience: 30_000, heldPatience: 300 })
    await push('slow', first)
    await pullImage(at(node), 'slow')
    await push('slow', second)
    const go = Promise.withResolvers<void>()
    upstream.meddle(({ method, url }, answer) => {
      if (method !== 'GET' || !url?.endsWith(second.digest)) return false
      const head = { 'Content-Type': manifestType, 'Content-Length': second.manifest.length }
      void go.promise.then(() => answer.writeHead(200, head).end(second.manifest))
      return true
    })
    const meanwhile = await get(node, 'slow')
    expect([meanwhile.status, meanwhile.body]).toEqual([200, first.manifest])
    expect(meanwhile.headers.warning).toContain(`${upstream.host}: it has not answered`)
    go.resolve()
    const later = await get(node, 'slow')
    expect([later.body, later.headers.warning]).toEqual([second.manifest, undefined])
  })

  it('that is not here is 502 on 429, with the time to come again', async () => {
    const node = await start(0)
    upstream.fail(429, {
      'Retry-After': '30',
      'RateLimit-Limit': '100;w=21600',
      'RateLimit-Remaining': '0;w=21600',
    })
    const answer = await get(node, 'limited')
    expect(answer.status).toBe(502)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(20)
    expect(answer.headers).toMatchObject({
      'ratelimit-limit': '100;w=21600',
      'ratelimit-remaining': '0;w=21600',
    })
  })

  it('is found at once after a push to the upstream', async () => {
    const node = await start(60_000)
    expect((await get(node, 'soon')).status).toBe(404)
    await push('soon')
    expect((await get(node, 'soon')).status).toBe(200)
  })

  it('is listed as at the upstream, and as it is here while that fails', async () => {
    const node = await start(0)
    await push('listed')
    await pullImage(at(node), 'listed')
    const url = `${node.url}/v2/up/app/tags/list`
    const whole = await send('GET', url)
    const { name, tags } = JSON.parse(whole.body.toString())
    expect(name).toBe('up/app')
    expect(tags).toContain('listed')
    expect(tags).toContain('once')
    const page = await send('GET', `${url}?n=1`)
    expect(page.headers.link).toContain('/v2/up/app/tags/list?last=')
    upstream.fail(500)
    const kept = await send('GET', url)
    expect(JSON.parse(kept.body.toString())).toEqual({ name: 'up/app', tags: ['listed'] })
    expect(kept.headers.warning).toMatch(/^110 /)
  })

  it.each([404, 500])(
    'is listed as it is here on %d, without what the settings leave out',
    async (status) => {
      const root = await cleanup.folder()
      const before = await start(0, root)
      for (const tag of ['kept', 'nightly-1']) {
        await push(tag)
        await pullImage(at(before), tag)
      }
      const tags = { allow: [], deny: ['nightly-*'] }
      const node = await start(0, root, { settings: { tags } })
      upstream.fail(status)
      const url = `${node.url}/v2/up/app/tags/list`
      const list = await send('GET', url)
      expect(JSON.parse(list.body.toString())).toEqual({ name: 'up/app', tags: ['kept'] })
      expect(list.headers.warning).toMatch(/^110 /)
      const nowhere = await send('GET', `${node.url}/v2/up/nowhere/tags/list`)
      expect(nowhere.status).toBe(status === 404 ? 404 : 502)
    },
  )
})
