/** While Redis is away, signing in and pulling go on, and, on a disk, pushing. */
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { addUser } from '../../assembly/accounts/accounts.ts'
import { useCleanup } from '../support/cleanup.ts'
import { type Answer, send } from '../support/http.ts'
import { digestOf, imageFrom, manifestType } from '../support/image.ts'
import { type Kura, startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { expectStatus } from '../support/push.ts'
import { createRandom } from '../support/random.ts'
import { type RedisServer, useRedis } from '../support/redis.ts'

const repository = '/v2/team/app'
const passwordOf = (name: string, password = `word of ${name}`) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
})

const troubles: [what: string, trouble: (server: RedisServer) => unknown][] = [
  ['killed', (server) => server.destroy()],
  ['frozen', (server) => server.freeze()],
  ['one that takes no writes', (server) => server.command('replicaof', '127.0.0.1', '1')],
]

describeWith(['redis-server'], 'a kura', () => {
  const cleanup = useCleanup()

  describe.each(troubles)('whose Redis is %s', (_what, trouble) => {
    const image = imageFrom(createRandom(1).bytes(50_000))
    let kura: Kura

    beforeAll(async () => {
      const server = await useRedis(cleanup)
      const htpasswd = join(await cleanup.folder(), 'htpasswd')
      for (const name of ['ann', 'bob']) {
        await addUser({ file: htpasswd, name, password: `word of ${name}`, write: () => {} })
      }
      kura = await startKura({
        env: {
          REGISTRY_AUTH: JSON.stringify({ htpasswd: { realm: 'kura', path: htpasswd } }),
          REGISTRY_KURA_TOKENS_CHALLENGE: 'bearer',
          REGISTRY_REDIS_ADDR: `127.0.0.1:${server.port}`,
          REGISTRY_KURA_PROCESSES: '1',
        },
      })
      cleanup.add(kura.stop)
      await push('before')
      await trouble(server)
    })

    const ask = (method: string, path: string, headers = {}, body?: Buffer): Promise<Answer> =>
      send(method, `${kura.url}${path}`, { headers, ...(body && { body }) })

    async function push(tag: string): Promise<void> {
      const ann = passwordOf('ann')
      for (const bytes of [...image.layers, image.config]) {
        const place = `${repository}/blobs/uploads/?digest=${digestOf(bytes)}`
        expectStatus(await ask('POST', place, ann, bytes), 201)
      }
      const headers = { ...ann, 'content-type': manifestType }
      expectStatus(await ask('PUT', `${repository}/manifests/${tag}`, headers, image.manifest), 201)
    }

    it('is well', async () => {
      expect((await ask('GET', '/')).status).toBe(200)
    })

    it('gives out tokens and takes them, for all that is there', async () => {
      const wish = `/v2/token?service=kura&scope=repository:team/app:pull`
      const given = await ask('GET', wish, passwordOf('bob'))
      expect(given.status).toBe(200)
      const { token } = JSON.parse(given.body.toString()) as { token: string }
      const headers = { authorization: `Bearer ${token}`, accept: manifestType }
      const found = await ask('GET', `${repository}/manifests/before`, headers)
      expect([found.status, digestOf(found.body)]).toEqual([200, image.digest])
      for (const bytes of image.layers) {
        const blob = await ask('GET', `${repository}/blobs/${digestOf(bytes)}`, headers)
        expect(blob.body.equals(bytes)).toBe(true)
      }
      const changed = await ask('DELETE', `${repository}/manifests/before`, headers)
      expect(changed.status).toBe(401)
    })

    it('takes what is pushed', async () => {
      await push('after')
      const path = `${repository}/manifests/after`
      const found = await ask('GET', path, { ...passwordOf('ann'), accept: manifestType })
      expect(digestOf(found.body)).toBe(image.digest)
    })

    it('still makes those wait who try passwords', async () => {
      const guess = (count: number) => ask('GET', '/v2/', passwordOf('ann', `guess ${count}`))
      let answer = await guess(0)
      for (let count = 1; count < 20 && answer.status === 401; count++) answer = await guess(count)
      expect(answer.status).toBe(429)
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    })
  })
})
