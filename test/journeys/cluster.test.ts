/** kura run in each of its ways: it serves, is replaced and goes away; its workers obey nobody else. */
import { stat } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it } from '@jest/globals'
import { createCallSigner } from '../../gateway/pool/call-signer.ts'
import { useCleanup } from '../support/cleanup.ts'
import { imageFrom } from '../support/image.ts'
import { processTree } from '../support/processes.ts'
import { describeWith } from '../support/programs.ts'
import { pullImage, pushImage } from '../support/push.ts'
import { createRandom } from '../support/random.ts'
import {
  startTopology,
  stillRunning,
  type Topology,
  type TopologyKind,
  topologies,
} from '../support/topologies.ts'

const repository = 'team/app'
const cleanup = useCleanup()
const started: Partial<Record<TopologyKind, Promise<Topology>>> = {}
/** The same for all tests; the last ones end it. */
const runAs = (kind: TopologyKind) => (started[kind] ??= startTopology(kind, cleanup))

describeWith(['linux'], 'a worker', () => {
  type Asked = { method: string; url: string }
  const tags: Asked = { method: 'GET', url: `/v2/${repository}/tags/list` }
  const call = {
    requestId: 'a request',
    origin: 'http://registry.example',
    address: '127.0.0.1',
    readsBlobs: false,
    identity: { name: 'ann', groups: [], method: 'htpasswd' },
  }
  const longAgo = () => Date.now() - 600_000
  const sign = (secret: string, asked = tags, now?: () => number) =>
    createCallSigner(secret, now).sign(asked, call)

  /** Each looks like something that a gateway sends. `secret` is that of the gateways. */
  const attempts: [what: string, header: (secret: string) => string | undefined][] = [
    ['nothing', () => undefined],
    ['a name', () => 'ann'],
    ['no signature', (secret) => sign(secret).split('.')[0]],
    ['an empty signature', (secret) => `${sign(secret).split('.')[0]}.`],
    ['another secret', () => sign('another secret of someone')],
    ['another method', (secret) => sign(secret, { ...tags, method: 'DELETE' })],
    ['another repository', (secret) => sign(secret, { ...tags, url: '/v2/other/tags/list' })],
    ['a longer path', (secret) => sign(secret, { ...tags, url: `${tags.url}?n=1` })],
    ['a time long ago', (secret) => sign(secret, tags, longAgo)],
    ['more behind it', (secret) => `${sign(secret)}.more`],
  ]

  async function ask(where: object, header: string | undefined) {
    const headers = {
      ...(header !== undefined && { 'kura-identity': header }),
      authorization: `Basic ${Buffer.from('ann:secret').toString('base64')}`,
    }
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const options = { ...where, method: tags.method, path: tags.url, headers, agent: false }
    request(options).once('error', reject).once('response', resolve).end()
    const answer = await promise
    return { status: answer.statusCode, body: await text(answer) }
  }

  it('of a cluster answers nobody whom its gateways have not sent', async () => {
    const kura = await runAs('cluster')
    const image = imageFrom(createRandom(2).bytes(1000))
    await pushImage({ url: kura.url, repository }, 'v1', image)
    for (const port of kura.workerPorts) {
      const where = { host: '127.0.0.1', port }
      for (const [what, header] of attempts) {
        const { status, body } = await ask(where, header(kura.secret))
        expect([what, status]).toEqual([what, 401])
        expect(body).not.toContain('v1')
      }
      // So that all of the above is refused for what it is, and not for everything being refused.
      expect(await ask(where, sign(kura.secret))).toMatchObject({ status: 200 })
    }
  })

  it('beside its gateways has a socket that nobody else can reach, and answers nobody there', async () => {
    const kura = await runAs('workers')
    const sockets = await kura.socketPaths()
    expect(sockets.length).toBe(2)
    for (const socketPath of sockets) {
      const { mode } = await stat(dirname(socketPath))
      expect(mode & 0o077).toBe(0)
      for (const [what, header] of attempts) {
        const { status } = await ask({ socketPath }, header(kura.secret))
        expect([what, status]).toEqual([what, 401])
      }
      // Its secret is one that is in no configuration.
      expect((await ask({ socketPath }, sign(kura.secret))).status).toBe(401)
    }
  })
})

describeWith(['linux'], 'kura', () => {
  const random = createRandom(1)

  it.each(topologies)(
    'serves, replaces all its processes and ends without a trace: %s',
    async (kind) => {
      const kura = await runAs(kind)
      const image = imageFrom(random.bytes(100_000), random.bytes(3_000_000))
      const [first, ...others] = kura.urls
      await pushImage({ url: first ?? '', repository }, 'v1', image)
      // Content that one gateway has taken, all of them have.
      for (const url of [...others, first ?? '']) {
        expect(await pullImage({ url, repository }, 'v1')).toBe(image.digest)
      }
      const before = await kura.pids()
      await kura.reload()
      for (const url of kura.urls) {
        expect(await pullImage({ url, repository }, 'v1')).toBe(image.digest)
      }
      // Connections that are kept open, to processes that were replaced, hold nobody up.
      const exits = await kura.stop()
      expect(exits).toEqual(kura.commands().map(() => ({ code: 0, signal: null })))
      expect(await stillRunning(before)).toEqual([])
      for (const { pid } of kura.commands()) expect(await processTree(pid)).toEqual([])
      expect(await kura.socketPaths()).toEqual([])
    },
  )
})
