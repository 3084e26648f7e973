/** Many clients sign in at once: each password is compared once, however often it is sent. */
import { writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { hash } from 'bcryptjs'
import { useCleanup } from '../support/cleanup.ts'
import { next, send } from '../support/http.ts'
import { digestOf, imageFrom, manifestType } from '../support/image.ts'
import { describeWith } from '../support/programs.ts'
import { expectStatus } from '../support/push.ts'
import { createRandom } from '../support/random.ts'
import { startTopology } from '../support/topologies.ts'

const users = ['ann', 'bob', 'eve']
const pulls = 50
const processes = 2
/** The usual cost of bcrypt; one comparison takes as long as hundreds of requests. */
const cost = 10

describeWith(['linux'], `${pulls} pulls at once with passwords`, () => {
  const cleanup = useCleanup()
  const authorization = (user: string) =>
    `Basic ${Buffer.from(`${user}:secret of ${user}`).toString('base64')}`

  it('take no more than one comparison for each user and process', async () => {
    const file = join(await cleanup.folder(), 'htpasswd')
    const lines = users.map(async (user) => `${user}:${await hash(`secret of ${user}`, cost)}\n`)
    await writeFile(file, (await Promise.all(lines)).join(''))
    const kura = await startTopology('whole', cleanup, {
      processes,
      env: {
        REGISTRY_AUTH_HTPASSWD_REALM: 'The Test',
        REGISTRY_AUTH_HTPASSWD_PATH: file,
        REGISTRY_LOG_LEVEL: 'debug',
      },
    })
    const base = `${kura.url}/v2/team/app`
    const random = createRandom(1)
    const image = imageFrom(random.bytes(10_000), random.bytes(500_000))
    await push(base, image, { authorization: authorization('ann') })

    const compared = () => kura.output().match(/a password was checked/g)?.length ?? 0
    const work = Array.from({ length: pulls }, (_, index) =>
      pull(base, authorization(users[index % users.length] ?? '')),
    )
    expect(await Promise.all(work)).toEqual(work.map(() => image.digest))
    expect(compared()).toBeGreaterThanOrEqual(users.length)
    expect(compared()).toBeLessThanOrEqual(users.length * processes)
    expect(kura.output()).not.toContain('secret of')
    await kura.stop()
  })
})

type Headers = { authorization: string }

async function push(base: string, image: ReturnType<typeof imageFrom>, headers: Headers) {
  for (const body of [...image.layers, image.config]) {
    const begun = await send('POST', `${base}/blobs/uploads/`, { headers })
    const end = next(begun, base, `digest=${digestOf(body)}`)
    expectStatus(await send('PUT', end, { headers, body }), 201)
  }
  const typed = { ...headers, 'Content-Type': manifestType }
  const answer = await send('PUT', `${base}/manifests/v1`, { headers: typed, body: image.manifest })
  expectStatus(answer, 201)
}

/** On a connection of its own. Answers the digest of what came. */
async function pull(base: string, authorization: string): Promise<string> {
  const agent = new Agent({ keepAlive: true })
  const options = { agent, headers: { authorization } }
  try {
    const answer = await send('GET', `${base}/manifests/v1`, options)
    expectStatus(answer, 200)
    const { layers } = JSON.parse(answer.body.toString()) as { layers: { digest: string }[] }
    for (const { digest } of layers) {
      const blob = await send('GET', `${base}/blobs/${digest}`, options)
      expectStatus(blob, 200)
      expect(digestOf(blob.body)).toBe(digest)
    }
    return digestOf(answer.body)
  } finally {
    agent.destroy()
  }
}
