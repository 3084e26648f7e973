/** A user who may not pull from a repository can find out nothing about it, not even whether it exists. */
import { describe, expect, it } from '@jest/globals'
import { jsonOf } from './support/client.ts'
import { pack, packImage, pushBlob, putManifest, sha256, startUpload } from './support/content.ts'
import { names, useGuarded } from './support/guarded.ts'
import { expectError } from './support/suite.ts'

const { people, alice } = useGuarded()
const { member, reader, writer, owner } = people

describe('a repository that one may not see', () => {
  const digest = packImage(['a layer']).digest
  const requests: [method: string, path: string][] = [
    ['GET', 'tags/list'],
    ['GET', 'manifests/latest'],
    ['HEAD', 'manifests/latest'],
    ['GET', `manifests/${digest}`],
    ['PUT', 'manifests/latest'],
    ['DELETE', 'manifests/latest'],
    ['GET', `blobs/${sha256('a layer')}`],
    ['HEAD', `blobs/${sha256('a layer')}`],
    ['DELETE', `blobs/${sha256('a layer')}`],
    ['GET', `referrers/${digest}`],
    ['POST', 'blobs/uploads/'],
    ['POST', `blobs/uploads/?mount=${sha256('a layer')}&from=team/app`],
    ['GET', 'blobs/uploads/0e7a3b5c-9d1f-4c52-8f6a-2b1f0c9d8e7a'],
    ['PATCH', 'blobs/uploads/0e7a3b5c-9d1f-4c52-8f6a-2b1f0c9d8e7a'],
    ['POST', 'manifests/latest'],
  ]
  it.each(requests)('looks like one that is not there: %s %s', async (method, path) => {
    const body = ['PUT', 'PATCH'].includes(method) ? '{}' : undefined
    for (const name of names.filter((it) => it !== 'owner')) {
      const ask = async (repository: string) => {
        const { status, headers, text } = await people[name].send(
          method,
          `/v2/${repository}/${path}`,
          { body },
        )
        const { date: _date, ...rest } = headers
        return JSON.stringify({ status, rest, text }).replaceAll(repository, 'it')
      }
      expect(await ask('hidden/app')).toBe(await ask('hidden/nix'))
    }
  })

  it('is in nobody’s catalog', async () => {
    const catalogs: Record<string, unknown> = {}
    for (const name of names) {
      const answer = await people[name].get('/v2/_catalog')
      if (answer.status === 200) catalogs[name] = jsonOf(answer).repositories
      else expect(answer.text).not.toMatch(/hidden|team/)
    }
    const team = ['team/app', 'team/other']
    const all = ['hidden/app', ...team]
    expect(catalogs).toEqual({ member: [], reader: team, writer: team, owner: all, keeper: team })
  })

  it('does not show in the pages of a catalog either', async () => {
    for (const query of ['?n=1', '?n=1&last=a', '?last=hidden/a', '?n=1000&last=hidden/app']) {
      const { text, headers } = await member.get(`/v2/_catalog${query}`)
      expect(text).toBe('{"repositories":[]}\n')
      expect(headers.link).toBeUndefined()
      expect((await reader.get(`/v2/_catalog${query}`)).text).not.toContain('hidden')
    }
  })
})

describe('content of a repository that one may not pull from', () => {
  const mount = (digest: string, from: string) =>
    `/v2/team/app/blobs/uploads/?mount=${digest}${from}`

  it('is not mounted, and the answer is that for content that is not there', async () => {
    const secret = await pushBlob(owner, 'hidden/app', 'a secret')
    const froms = [
      '&from=hidden/app',
      '',
      '&from=',
      '&from=team/app',
      '&from=team/../hidden/app',
      '&from=HIDDEN/app',
      '&from=hidden%2Fapp',
      '&from=team/app&from=hidden/app',
      '&from=hidden/app&from=team/app',
    ]
    for (const from of froms) {
      for (const person of [writer, people.robot, people.keeper]) {
        const [there, not] = [
          await person.post(mount(secret, from)),
          await person.post(mount(sha256('no such'), from)),
        ]
        expect([from, there.status, not.status]).toEqual([from, 202, 202])
        expect(there.headers['docker-content-digest']).toBeUndefined()
      }
    }
    expect((await writer.head(`/v2/team/app/blobs/${secret}`)).status).toBe(404)
    expect((await owner.post(mount(secret, '&from=hidden/app'))).status).toBe(201)
  })

  it('is not mounted with a token for the target alone', async () => {
    const shared = await pushBlob(owner, 'team/other', 'shared by the team')
    expect((await alice.post(mount(shared, '&from=team/other'))).status).toBe(202)
    expect((await alice.post(mount(shared, ''))).status).toBe(202)
    expect((await alice.head(`/v2/team/app/blobs/${shared}`)).status).toBe(404)
    expect((await people.elsewhere.post(mount(shared, '&from=team/other'))).status).toBe(401)
  })

  it('is not reached through another repository by its digest', async () => {
    const secret = await pushBlob(owner, 'hidden/app', 'known by its digest')
    const document = pack({
      schemaVersion: 2,
      is: 'hidden',
      config: { mediaType: 'a/b', digest: secret, size: 19 },
      layers: [],
    })
    const pushed = await putManifest(owner, 'hidden/app/manifests/secret', document)
    expect(pushed.status).toBe(201)
    for (const path of [
      `blobs/${secret}`,
      `manifests/${document.digest}`,
      `referrers/${document.digest}`,
    ]) {
      const { status, text } = await reader.get(`/v2/team/app/${path}`)
      expect(status).toBe(path.startsWith('referrers') ? 200 : 404)
      expect(text).not.toContain('known by')
    }
    const stolen = await putManifest(writer, 'team/app/manifests/stolen', document)
    expectError(stolen, 400, 'MANIFEST_BLOB_UNKNOWN')
  })

  it('is not made a blob of one’s own by naming its digest', async () => {
    const secret = await pushBlob(owner, 'hidden/app', 'never sent here')
    const path = await startUpload(writer, 'team/app')
    expectError(await writer.put(`${path}?digest=${secret}`), 400, 'DIGEST_INVALID')
    const whole = await writer.post(`/v2/team/app/blobs/uploads/?digest=${secret}`, {
      body: 'a guess',
    })
    expectError(whole, 400, 'DIGEST_INVALID')
    expect((await writer.head(`/v2/team/app/blobs/${secret}`)).status).toBe(404)
  })
})
