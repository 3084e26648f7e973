/**
 * Repositories that registry:2 takes and the specification does not, such as MyOrg/app: what is in a volume
 * is reached and goes on, in either registry, and no new one comes to it.
 */
import { beforeAll, expect, it } from '@jest/globals'
import { buildPolicy } from '../../policies/engine/load.ts'
import { useCleanup } from '../support/cleanup.ts'
import { startDistribution } from '../support/distribution.ts'
import { send } from '../support/http.ts'
import { type Image, imageOf } from '../support/image.ts'
import type { Topology } from '../support/pool.ts'
import { describeWith } from '../support/programs.ts'
import {
  expectStatus,
  manifestUrl,
  pullImage,
  pushBlob,
  pushImage,
  putManifest,
} from '../support/push.ts'
import { startRegistry } from '../support/registry.ts'

const text = `
rules:
  - { name: all do all, who: ["*"], repositories: ["**"], actions: ["*"] }
  - { name: secrets are kept, effect: deny, who: ["*"], repositories: ["secret/**"], actions: ["*"] }
  - { name: releases stay, effect: deny, who: ["*"], repositories: ["myorg/**"], tags: ["v*"], actions: [overwrite, delete] }
`

describeWith(['docker-registry'], 'a name of an old volume', () => {
  const cleanup = useCleanup()
  const [image, other] = [imageOf({ hello: 'the first' }), imageOf({ more: 'the second' })]
  let theirs: string
  let ours: string
  let root: string

  beforeAll(async () => {
    root = await cleanup.folder()
    theirs = (await startDistribution(cleanup, root)).url
    for (const repository of ['MyOrg/app', 'Host.Example/a-b/c', 'A-B/x', 'Secret/app', 'plain']) {
      await pushImage({ url: theirs, repository }, 'v1', image)
    }
    ours = await open()
  })

  async function open(policyText?: string, topology?: Topology): Promise<string> {
    const policy = policyText
      ? buildPolicy([{ file: 'test.yaml', text: policyText }]).policy
      : undefined
    const registry = await startRegistry({
      root,
      ...(topology && { topology }),
      ...(policy && { policy }),
    })
    cleanup.add(registry.close)
    return registry.url
  }

  const json = async (url: string) => JSON.parse((await send('GET', url)).body.toString())
  const repositories = ['MyOrg/app', 'Host.Example/a-b/c', 'A-B/x']

  it.each(repositories)('is listed, and what is in it is pulled: %s', async (repository) => {
    expect((await json(`${ours}/v2/_catalog`)).repositories).toContain(repository)
    expect(await json(`${ours}/v2/${repository}/tags/list`)).toEqual({
      name: repository,
      tags: ['v1'],
    })
    expect(await pullImage({ url: ours, repository }, 'v1')).toBe(image.digest)
    // As Portainer writes it.
    const escaped = { url: ours, repository: repository.replaceAll('/', '%2F') }
    expect(await pullImage(escaped, 'v1')).toBe(image.digest)
    const referrers = await json(`${ours}/v2/${repository}/referrers/${image.digest}`)
    expect(referrers.manifests).toEqual([])
  })

  it.each(repositories)('is pushed to and deleted from by both in turn: %s', async (repository) => {
    await pushImage({ url: ours, repository }, 'next', other)
    expect(await pullImage({ url: theirs, repository }, 'next')).toBe(other.digest)
    await pushImage({ url: theirs, repository }, 'next', image)
    expect(await pullImage({ url: ours, repository }, 'next')).toBe(image.digest)
    const gone = manifestUrl({ url: ours, repository }, other.digest)
    expectStatus(await send('DELETE', gone), 202)
    expectStatus(await send('DELETE', manifestUrl({ url: ours, repository }, 'next')), 202)
    expect((await json(`${theirs}/v2/${repository}/tags/list`)).tags).toEqual(['v1'])
  })

  it('is one that blobs are mounted from, and to', async () => {
    const [layer] = other.layers as [Buffer]
    const digest = await pushBlob({ url: ours, repository: 'MyOrg/app' }, layer)
    for (const [to, from, status] of [
      ['new/one', 'MyOrg/app', 201],
      ['A-B/x', 'new/one', 201],
      ['new/two', 'MYORG/app', 202],
    ]) {
      const uploads = `${ours}/v2/${to}/blobs/uploads/?mount=${digest}&from=${from}`
      expect((await send('POST', uploads)).status).toBe(status)
    }
  })

  const unknown = ['MyOrg/new', 'myOrg/app', 'MYORG/app', 'New/app', 'MyOrg/app/below']
  it.each(unknown)('does not come into being here: %s', async (repository) => {
    const place = { url: ours, repository }
    const answers = [
      await send('POST', `${ours}/v2/${repository}/blobs/uploads/`),
      await putManifest(place, 'v1', image.manifest),
      await send('GET', manifestUrl(place, 'v1')),
      await send('GET', `${ours}/v2/${repository}/tags/list`),
    ]
    for (const { status, body } of answers) {
      expect(status).toBe(400)
      expect(body.toString()).toContain('NAME_INVALID')
    }
    expect((await json(`${ours}/v2/_catalog`)).repositories).not.toContain(repository)
  })

  it.each(['MyOrg', 'my/Org', 'MyOrg/App', 'A_b/x', 'A..b/x', '-A/x', 'A-/x', 'A:5000/x'])(
    'is no name for either: %s',
    async (repository) => {
      for (const url of [theirs, ours]) {
        const answer = await send('POST', `${url}/v2/${repository}/blobs/uploads/`)
        expect(answer.status).toBeGreaterThanOrEqual(400)
      }
    },
  )

  const ways = ['whole', 'beside', 'apart'] as const
  it.each(ways)('slips past no rule that denies, however it is written: %s', async (topology) => {
    const url = await open(text, topology)
    const secret = { url, repository: 'Secret/app' }
    expectStatus(await send('GET', manifestUrl(secret, 'v1')), 403)
    expectStatus(await send('GET', `${url}/v2/Secret/app/tags/list`), 403)
    expect((await json(`${url}/v2/_catalog`)).repositories).not.toContain('Secret/app')
    const [layer] = image.layers as [Buffer]
    const digest = await pushBlob({ url, repository: 'plain' }, layer)
    const mount = `${url}/v2/new/three/blobs/uploads/?mount=${digest}&from=Secret/app`
    expectStatus(await send('POST', mount), 202)

    const place = { url, repository: 'MyOrg/app' }
    await pushWithoutTag(place, other)
    expectStatus(await putManifest(place, 'v1', other.manifest), 403)
    expectStatus(await send('DELETE', manifestUrl(place, 'v1')), 403)
    expect(await pullImage(place, 'v1')).toBe(image.digest)
  })

  async function pushWithoutTag(place: { url: string; repository: string }, what: Image) {
    await pushImage(place, what.digest, what)
  }
})
