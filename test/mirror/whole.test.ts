/** A registry that is a mirror as a whole, by the variables of registry:2, with `docker-registry` as its upstream. */
import { randomBytes } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { digestOf, imageFrom } from '../support/image.ts'
import { describeWith } from '../support/programs.ts'
import { manifestUrl, pullImage, pushImage } from '../support/push.ts'
import { startTopology, type Topology } from '../support/topologies.ts'
import { startUpstream, type Upstream } from './support/upstream.ts'

describeWith(['docker-registry'], 'a registry that is a mirror', () => {
  describe.each(['whole', 'workers', 'cluster'] as const)('as %s', (kind) => {
    const cleanup = useCleanup()
    const image = imageFrom(randomBytes(300_000), Buffer.from('small'))
    const repository = 'team/app'
    let upstream: Upstream
    let kura: Topology

    beforeAll(async () => {
      upstream = await startUpstream(cleanup)
      await pushImage({ url: upstream.registry.url, repository }, 'v1', image)
      // In quotes, as files of variables for containers have them.
      const env = { REGISTRY_PROXY_REMOTEURL: `"${upstream.url}"` }
      kura = await startTopology(kind, cleanup, { env })
    })

    beforeEach(() => upstream.heal())

    const at = () => ({ url: kura.url, repository })

    it('pulls an image, and the next time asks for nothing', async () => {
      expect(await pullImage(at(), 'v1')).toBe(image.digest)
      const asked = upstream.asked()
      expect(asked.filter((it) => it.startsWith('GET') && it.includes('/blobs/'))).toHaveLength(3)
      expect(await pullImage(at(), image.digest)).toBe(image.digest)
      expect(await pullImage(at(), 'v1')).toBe(image.digest)
      expect(upstream.asked()).toEqual([])
    })

    it('refuses pushes and deletes', async () => {
      const refused = [
        await send('POST', `${kura.url}/v2/${repository}/blobs/uploads/`),
        await send('PUT', manifestUrl(at(), 'v2'), { body: image.manifest }),
        await send('DELETE', manifestUrl(at(), image.digest)),
      ]
      for (const { status, body } of refused) {
        expect(status).toBe(405)
        expect(JSON.parse(body.toString()).errors[0].code).toBe('UNSUPPORTED')
      }
    })

    it('says 404 for what the upstream does not have', async () => {
      const answer = await send('GET', manifestUrl(at(), 'none'))
      expect(answer.status).toBe(404)
      const blob = await send(
        'GET',
        `${kura.url}/v2/${repository}/blobs/${digestOf(randomBytes(9))}`,
      )
      expect(blob.status).toBe(404)
    })

    it('says 502 with upstream and cause for what is not here while the upstream fails', async () => {
      upstream.fail(503)
      const tag = await send('GET', manifestUrl(at(), 'other'))
      const blob = await send(
        'GET',
        `${kura.url}/v2/${repository}/blobs/${digestOf(randomBytes(9))}`,
      )
      for (const { status, body } of [tag, blob]) {
        expect(status).toBe(502)
        const { code, message } = JSON.parse(body.toString()).errors[0]
        expect(code).toBe('UNAVAILABLE')
        expect(message).toContain(upstream.host)
        expect(message).toContain('503')
      }
      expect(await pullImage(at(), image.digest)).toBe(image.digest)
    })
  })
})
