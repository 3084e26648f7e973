/** What of a client's `Via` an upstream sees, and that no client changes with it what others are answered. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { imageFrom } from '../support/image.ts'
import { describeWith } from '../support/programs.ts'
import { manifestUrl, pullImage, pushImage } from '../support/push.ts'
import { type Node, startNode } from './support/node.ts'
import { startGate, startUpstream, type Upstream } from './support/upstream.ts'

describeWith(['docker-registry'], 'the Via of a client', () => {
  const cleanup = useCleanup()
  const [first, second] = [imageFrom(Buffer.from('first')), imageFrom(Buffer.from('second'))]
  const steps = Array.from({ length: 9 }, (_, at) => `1.1 kura-${at}`).join(', ')
  let upstream: Upstream
  let seen: string[]

  beforeAll(async () => {
    upstream = await startUpstream(cleanup)
  })
  beforeEach(() => {
    seen = []
    upstream.meddle(({ headers }) => {
      seen.push(headers.via ?? '')
      return false
    })
  })

  const push = (tag: string, image = first) =>
    pushImage({ url: upstream.registry.url, repository: 'app' }, tag, image)
  const at = ({ url }: Node) => ({ url, repository: 'up/app' })
  const get = (node: Node, tag: string, headers = {}) =>
    send('GET', manifestUrl(at(node), tag), { headers })

  /** A node that has the first image for a tag which names the second one by now. */
  async function startHolding(tag: string) {
    const root = await cleanup.folder()
    await push(tag, first)
    const before = await startNode(cleanup, { root, upstream })
    await pullImage(at(before), tag)
    await before.stop()
    await rm(join(root, 'kura/mirror/tags'), { recursive: true })
    await push(tag, second)
    return startNode(cleanup, { root, upstream, settings: { tagTtlMs: 60_000 } })
  }

  it('reaches the upstream as the installations in it, and nothing else', async () => {
    await push('seen')
    const node = await startNode(cleanup, { root: await cleanup.folder(), upstream })
    const other = '1.1 proxy.example (nginx)'
    const via = `${other}, HTTP/1.1 kura-abc, 1.1 kura-${'a'.repeat(4_000)}, 1.1 kura-"x"`
    expect((await get(node, 'seen', { Via: via })).status).toBe(200)
    expect((await get(node, 'seen', { Via: 'b'.repeat(9_000) })).status).toBe(200)
    const [asClient, afterJunk] = [seen[0], seen.at(-1)]
    expect(asClient).toMatch(/^1\.1 kura-abc, 1\.1 kura-[\da-f-]{36}$/)
    expect(afterJunk).toMatch(/^1\.1 kura-[\da-f-]{36}$/)
  })

  it.each([508, 431, 404])(
    'freezes no tag where the upstream answers it with %d',
    async (status) => {
      const node = await startHolding(`frozen-${status}`)
      upstream.meddle(({ headers }, answer) => {
        if (!headers.via?.includes('kura-8,')) return false
        answer.writeHead(status).end()
        return true
      })
      const refused = await get(node, `frozen-${status}`, { Via: steps })
      expect([refused.status, refused.body]).toEqual([200, first.manifest])
      expect(refused.headers.warning).toMatch(/^110 /)
      const next = await get(node, `frozen-${status}`)
      expect([next.body, next.headers.warning]).toEqual([second.manifest, undefined])
    },
  )

  it('ends the waiting of two mirrors of one another that are asked at the same time', async () => {
    const gates = [await startGate(cleanup, ''), await startGate(cleanup, '')] as const
    const nodes = (await Promise.all(
      gates.map(async ({ url }) =>
        startNode(cleanup, {
          ...{ root: await cleanup.folder(), upstream: { url }, patience: 30_000 },
          settings: { prefix: '' },
        }),
      ),
    )) as [Node, Node]
    const bothAsk = Promise.withResolvers<void>()
    let asking = 0
    for (const [index, gate] of gates.entries()) {
      gate.meddle(({ method = 'GET', url, headers: { via } }, answer) => {
        asking += 1
        if (asking === 2) bothAsk.resolve()
        void bothAsk.promise
          .then(() =>
            send(method, `${nodes[1 - index]?.url}${url}`, { headers: { Via: via ?? '' } }),
          )
          .then(({ status }) => answer.writeHead(status).end())
        return true
      })
    }
    const answers = await Promise.all(
      nodes.map(({ url }) => send('HEAD', manifestUrl({ url, repository: 'app' }, 'v1'))),
    )
    // A time-out is 504.
    for (const { status } of answers) expect(status).toBe(502)
  })
})
