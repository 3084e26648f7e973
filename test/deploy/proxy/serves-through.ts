/** The contract for clients of kura behind any proxy. */
import { readFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { type Agent, request as open, Agent as SecureAgent } from 'node:https'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { beforeAll, expect, it } from '@jest/globals'
import type { Cleanup } from '../../support/cleanup.ts'
import { openContainers } from '../../support/containers.ts'
import { digestOf, imageFrom } from '../../support/image.ts'
import type { Kura } from '../../support/kura.ts'
import { writeLayout } from '../../support/oci-layout.ts'
import { createRandom } from '../../support/random.ts'
import { ann, type Front } from './gateways.ts'

/** Where the proxy ends TLS, kura learns from it who its clients are. */
export type Standing = { front: Front; gateways: readonly [Kura, Kura]; endsTls: boolean }

/** More than any proxy keeps in memory, or takes unasked. */
const large = 48 * 1024 * 1024

export function servesThrough(cleanup: Cleanup, stand: () => Promise<Standing>) {
  let standing: Standing
  let agent: Agent
  const credentials = `${ann.name}:${ann.password}`

  beforeAll(async () => {
    standing = await stand()
    agent = new SecureAgent({
      ca: await readFile(standing.front.authority),
      keepAlive: standing.endsTls,
    })
    cleanup.add(async () => agent.destroy())
  }, 120_000)

  async function ask(method: string, path: string, headers: Record<string, string> = {}) {
    const url = new URL(path, `https://${standing.front.host}`)
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    open(url, { method, agent, headers }, (response) => {
      const { statusCode: status = 0, headers } = response
      buffer(response).then((body) => resolve({ status, headers, body }), reject)
    })
      .on('error', reject)
      .end()
    return promise
  }
  const asAnn = { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }

  it('lets skopeo push a large layer and pull it again', async () => {
    const { front } = standing
    const { skopeo, folder } = await openContainers(cleanup)
    const image = imageFrom(createRandom(1).bytes(large), Buffer.from('a small one'))
    await writeLayout(join(folder, 'layout'), image)
    const remote = `docker://${front.host}/team/app:v1`
    const to = [`--dest-cert-dir=${front.trust}`, `--dest-creds=${credentials}`]
    await skopeo(
      'copy',
      '--preserve-digests',
      ...to,
      `oci:${join(folder, 'layout')}:latest`,
      remote,
    )
    const from = [`--src-cert-dir=${front.trust}`, `--src-creds=${credentials}`]
    const back = `dir:${join(folder, 'back')}`
    await skopeo('copy', '--preserve-digests', ...from, remote, back)
    const manifest = await skopeo('inspect', '--raw', back)
    expect(digestOf(Buffer.from(manifest))).toBe(image.digest)
  })

  it('leads clients back through the proxy', async () => {
    const { host } = standing.front
    const { headers } = await ask('POST', '/v2/team/app/blobs/uploads/', asAnn)
    const location = new URL(headers.location ?? '', `https://${host}`)
    expect(location.host).toBe(host)
    expect(location.protocol).toBe('https:')
    expect((await ask('GET', location.pathname, asAnn)).status).toBe(204)
  })

  it('sends those who need a token to where clients reach it', async () => {
    const { status, headers } = await ask('GET', '/v2/')
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toContain(`realm="https://${standing.front.host}/`)
  })

  it('tells kura who the client is, and nothing that the client made up', async () => {
    const { gateways, endsTls } = standing
    const marker = `marked-${Date.now()}`
    await ask('GET', '/v2/', { 'X-Forwarded-For': '192.0.2.99', 'User-Agent': marker })
    // That of the access log, which begins with the address; the other one may come before it.
    const line = new RegExp(`^(?!time=)\\S+ .*${marker}.*$`, 'm')
    await Promise.race(gateways.map((it) => it.said(line)))
    const said = gateways.map((it) => line.exec(it.output())?.[0]).find(Boolean)
    expect(said).not.toContain('192.0.2.99')
    if (endsTls) expect(said).toMatch(/^127\.0\.0\.1 /)
  })

  it('goes on without a gateway that was stopped', async () => {
    const statuses = new Set<number>()
    const askMore = async () =>
      statuses.add((await ask('GET', '/v2/team/app/manifests/v1', asAnn)).status)
    let gone = false
    const stopped = standing.gateways[0].stop().then(() => {
      gone = true
    })
    // Where only bytes are passed on, a client sees the end of a connection for itself.
    while (!gone && standing.endsTls) await askMore()
    await stopped
    for (let count = 0; count < 20; count++) await askMore()
    expect([...statuses]).toEqual([200])
  })
}

type Answer = { status: number; headers: IncomingHttpHeaders; body: Buffer }
