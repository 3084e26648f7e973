/** Spellings of paths that registry:2 serves or sends on are treated alike here. */
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { startDistribution } from '../support/distribution.ts'
import { send } from '../support/http.ts'
import { imageOf } from '../support/image.ts'
import { describeWith } from '../support/programs.ts'
import { pullImage, pushImage } from '../support/push.ts'
import { startRegistry } from '../support/registry.ts'

describeWith(['docker-registry'], 'a spelling of a path', () => {
  const cleanup = useCleanup()
  const image = imageOf({ hello: 'hello' })
  let theirs: string
  let ours: string

  beforeAll(async () => {
    const root = await cleanup.folder()
    theirs = (await startDistribution(cleanup, root)).url
    const registry = await startRegistry({ root })
    cleanup.add(registry.close)
    ours = registry.url
    await pushImage({ url: ours, repository: 'team%2Fapp' }, 'v1', image)
  })

  it('is one of the same repository for both', async () => {
    for (const url of [theirs, ours]) {
      for (const repository of ['team/app', 'team%2Fapp', 'team%2fapp', 't%65am%2Fapp']) {
        expect(await pullImage({ url, repository }, 'v1')).toBe(image.digest)
      }
    }
  })

  it.each([
    '/v2',
    '/v2//',
    '//v2/',
    '/v2/_catalog/',
    '/v2//_catalog?n=1',
    '/v2/team//app/tags/list',
    '/v2/team/app/tags/list/',
    '/v2//team%2Fapp/tags/list',
    '/v2/team/app/manifests//v1?x=1',
    '/v2/team/app/manifests/v1/',
    '/v2/team//app/manifests/sha256%3Aaa?x=%2f',
    '/v2/team/app/blobs//uploads/',
  ])('is sent on to the same place by both: %s', async (path) => {
    const [one, other] = await Promise.all([theirs, ours].map((url) => send('GET', url + path)))
    expect([other?.status, other?.headers.location]).toEqual([301, one?.headers.location])
  })

  it.each([
    '/v2/team%252Fapp/tags/list',
    '/v2/team%5Capp/tags/list',
    '/v2/team/app/manifests/v%2F1',
    '/v2/team/app/manifests/v1%00',
    '/v2/team/',
    '/v2/team%2FApp/tags/list',
  ])('is none for either: %s', async (path) => {
    for (const url of [theirs, ours])
      expect([400, 404]).toContain((await send('GET', url + path)).status)
  })
})
