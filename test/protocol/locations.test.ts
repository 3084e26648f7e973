/** Where answers lead: paths alone, whole addresses, and a registry that lives below a prefix. */
import { describe, expect, it } from '@jest/globals'
import { locationOf, nextOf } from './support/client.ts'
import { packImage, pushBlob, pushImage, sha256, startUpload } from './support/content.ts'
import { expectError, useRegistry } from './support/suite.ts'

type Client = ReturnType<typeof useRegistry>

/** The locations of everything that a push makes, in its order. */
async function locationsOf(client: Client, base = '/v2/'): Promise<string[]> {
  const digest = sha256('{}')
  const image = packImage([])
  const start = await client.post(`${base}a/blobs/uploads/`)
  const id = start.headers['docker-upload-uuid']
  const upload = `${base}a/blobs/uploads/${id}`
  const steps = [
    start,
    await client.patch(upload, { body: '{}' }),
    await client.get(upload),
    await client.patch(upload, { body: 'x', headers: { 'Content-Range': '9-9' } }),
    await client.put(`${upload}?digest=${digest}`),
    await client.post(`${base}b/blobs/uploads/?mount=${digest}&from=a`),
    await client.put(`${base}a/manifests/v1`, {
      body: image.bytes,
      headers: { 'Content-Type': image.mediaType },
    }),
  ]
  expect(steps.map(({ status }) => status)).toEqual([202, 202, 204, 416, 201, 201, 201])
  return steps.map(({ headers }) => String(headers.location).replace(String(id), '<id>'))
}

const expected = (base: string) => [
  ...Array(4).fill(`${base}a/blobs/uploads/<id>`),
  `${base}a/blobs/${sha256('{}')}`,
  `${base}b/blobs/${sha256('{}')}`,
  `${base}a/manifests/${packImage([]).digest}`,
]

describe('a registry that is told nothing of its address', () => {
  const client = useRegistry({ driver: 'inmemory' })

  it('gives paths alone, which are right behind any proxy', async () => {
    expect(await locationsOf(client)).toEqual(expected('/v2/'))
  })

  it('takes no heed of what a client says of its address', async () => {
    const headers = {
      Host: 'evil.example',
      'X-Forwarded-Host': 'evil.example',
      Forwarded: 'host=evil',
    }
    const answer = await client.post('/v2/a/blobs/uploads/', { headers })
    expect(answer.headers.location).toMatch(/^\/v2\/a\/blobs\/uploads\/[^/]+$/)
  })
})

describe('a registry that is told how clients reach it', () => {
  const rules = { host: 'https://registry.example:8443/', relative: undefined, prefix: '/' }
  const client = useRegistry({ driver: 'inmemory', rules: { locations: rules } })

  it('gives whole addresses', async () => {
    expect(await locationsOf(client)).toEqual(expected('https://registry.example:8443/v2/'))
  })
})

describe('a registry that is told to give paths, whatever its host', () => {
  const rules = { host: 'https://registry.example', relative: true, prefix: '/' }
  const client = useRegistry({ driver: 'inmemory', rules: { locations: rules } })

  it('gives paths', async () => {
    expect(await locationsOf(client)).toEqual(expected('/v2/'))
  })
})

describe('a registry that is told to give whole addresses, but not which', () => {
  const rules = { host: undefined, relative: false, prefix: '/' }
  const client = useRegistry({ driver: 'inmemory', rules: { locations: rules } })

  it('gives the one that the client used', async () => {
    const { port } = client.registry()
    expect(await locationsOf(client)).toEqual(expected(`http://127.0.0.1:${port}/v2/`))
  })
})

describe('a registry below a prefix', () => {
  const rules = { host: undefined, relative: undefined, prefix: '/team/registry/' }
  const client = useRegistry({ driver: 'inmemory', rules: { locations: rules } })
  const base = '/team/registry/v2/'

  it('is found there, with locations that lead there', async () => {
    expect((await client.get(base)).text).toBe('{}')
    expect(await locationsOf(client, base)).toEqual(expected(base))
    const pulled = await client.get(`${base}a/blobs/${sha256('{}')}`)
    expect(pulled.text).toBe('{}')
  })

  it('leads to the next page there', async () => {
    for (const tag of ['x', 'y']) {
      const image = packImage([])
      const headers = { 'Content-Type': image.mediaType }
      await client.put(`${base}a/manifests/${tag}`, { body: image.bytes, headers })
    }
    const page = await client.get(`${base}a/tags/list?n=1`)
    expect(nextOf(page)).toBe(`${base}a/tags/list?last=v1&n=1`)
    expect((await client.get(nextOf(page) ?? '')).status).toBe(200)
  })

  it('leads to itself from the path without its slash', async () => {
    const answer = await client.get('/team/registry/v2')
    expect([answer.status, answer.headers.location]).toEqual([301, base])
  })

  it.each(['/v2/', '/team/v2/', '/team/registry', '/team/registryv2/', '/v2/a/tags/list'])(
    'is not found at %s',
    async (path) => {
      expectError(await client.get(path), 404, 'UNSUPPORTED')
    },
  )

  it('still tells a load balancer at the root that somebody is home', async () => {
    expect((await client.get('/')).status).toBe(200)
  })
})

describe('a repository that is called like an endpoint', () => {
  const client = useRegistry({ driver: 'inmemory' })
  const names = [
    'x/blobs/uploads',
    'a/manifests/b',
    'tags/list',
    'v2/blobs',
    'uploads',
    'a/referrers/b',
  ]

  it.each(names)('%s is pushed to, pulled from and listed like any other', async (name) => {
    const image = await pushImage(client, name, { reference: 'list' })
    expect((await client.get(`/v2/${name}/manifests/list`)).body.equals(image.bytes)).toBe(true)
    expect((await client.get(`/v2/${name}/tags/list`)).text).toContain('["list"]')
    const digest = await pushBlob(client, name, 'x')
    expect((await client.get(`/v2/${name}/blobs/${digest}`)).text).toBe('x')
    expect(await startUpload(client, name)).toMatch(`/v2/${name}/blobs/uploads/`)
    const referrers = await client.get(`/v2/${name}/referrers/${image.digest}`)
    expect(referrers.status).toBe(200)
    expect(locationOf(await client.post(`/v2/${name}/blobs/uploads`))).toMatch(`/v2/${name}/`)
  })
})
