/** The log of a day's work, without settings for it and with some. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { addUser } from '../../assembly/accounts/accounts.ts'
import { as } from '../protocol/support/people.ts'
import { useCleanup } from '../support/cleanup.ts'
import { next, send } from '../support/http.ts'
import { digestOf, imageFrom, indexType, manifestType } from '../support/image.ts'
import { startKura } from '../support/kura.ts'

const cleanup = useCleanup()
const image = imageFrom(Buffer.alloc(12_000, 'x'))
let file: string

beforeAll(async () => {
  file = join(await cleanup.folder(), 'htpasswd')
  await addUser({ file, name: 'ann', password: 'secret', write: () => {} })
  await writeFile(file, 'old:$apr1$mOL2SaTz$ZXwyHeJtExAjmjxmyb1jb0\n', { flag: 'a' })
})

async function start(env: Record<string, string>, args = ['serve']) {
  const auth = JSON.stringify({ htpasswd: { realm: 'r', path: file } })
  const kura = await startKura({
    args,
    env: { REGISTRY_AUTH: auth, REGISTRY_KURA_PROCESSES: '2', ...env },
  })
  cleanup.add(kura.stop)
  const since = kura.output().length
  const ann = as('ann', 'secret')
  const ask = (method: string, path: string, options: object = {}) =>
    send(method, path.startsWith('http') ? path : kura.url + path, {
      headers: { ...ann, ...options },
    })

  /** All a client does for one image of one layer, and what others do meanwhile. */
  async function work() {
    await send('GET', `${kura.url}/`)
    await send('GET', `${kura.url}/v2/`)
    await ask('GET', '/v2/')
    await ask('GET', '/v2/token?service=kura&account=ann')
    for (let n = 0; n < 4; n += 1) {
      await ask('GET', '/v2/token?service=kura&scope=repository:team/app:pull')
    }
    for (const blob of [...image.layers, image.config]) {
      const digest = digestOf(blob)
      await ask('HEAD', `/v2/team/app/blobs/${digest}`)
      const begun = await ask('POST', '/v2/team/app/blobs/uploads/')
      const given = { ...ann, 'Content-Type': 'application/octet-stream' }
      const patched = await send('PATCH', next(begun, kura.url), { body: blob, headers: given })
      await ask('PUT', next(patched, kura.url, `digest=${digest}`))
    }
    const put = (reference: string, body: string | Buffer, type: string) =>
      send('PUT', `${kura.url}/v2/team/app/manifests/${reference}`, {
        body: Buffer.from(body),
        headers: { ...ann, 'Content-Type': type },
      })
    const pushed = await put('v1', image.manifest, manifestType)
    expect(pushed.status).toBe(201)
    expect(Object.keys(pushed.headers).filter((name) => name.startsWith('kura'))).toEqual([])
    const platform = { os: 'linux', architecture: 'amd64' }
    const size = image.manifest.length
    const child = { mediaType: manifestType, digest: image.digest, size, platform }
    const manifests = [child, { ...child, platform: { os: 'unknown', architecture: 'unknown' } }]
    await put(
      'all',
      JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }),
      indexType,
    )
    await ask('GET', '/v2/team/app/manifests/v1', { accept: manifestType })
    await ask('GET', `/v2/team/app/blobs/${image.digest}`)
    await ask('DELETE', '/v2/team/app/manifests/v1')
    await send('GET', `${kura.url}/v2/`, { headers: { ...as('ann', 'hunter2') } })
  }

  const written = () =>
    kura
      .output()
      .slice(since)
      .split('\n')
      .filter((line) => line !== '')
      .filter((line) => !line.includes('tokens are good'))
  return { kura, work, written }
}

const told = [
  'a login was refused',
  'ann deleted team/app:v1',
  'ann logged in from 127.0.0.1',
  'ann pulled team/app:v1 from 127.0.0.1',
  expect.stringMatching(/^ann pushed team\/app:all sha256:[0-9a-f]{64} 1 platform \d+\.\d s$/),
  expect.stringMatching(`^ann pushed team/app:v1 ${image.digest} 1 layer 12 kB \\d+\\.\\d s$`),
]
const ends = [/a login was refused/, /ann deleted/, /ann pulled/, /app:all sha256/, /app:v1 sha256/]

const messageOf = (line: string) => / msg="(.*?)"/.exec(line)?.[1]?.replaceAll('\\"', '"')

describe.each([
  ['several processes', ['serve']],
  ['workers', ['serve', '--workers', '1']],
])('without settings, in %s,', (_what, args) => {
  it('each thing that happened is one line', async () => {
    const { kura, work, written } = await start({}, args)
    await work()
    for (const end of ends) await kura.said(end)
    // The processes write their lines each for itself.
    expect(written().map(messageOf).sort()).toEqual(told)
    expect(kura.output()).not.toContain('hunter2')
    expect(kura.output().match(/only bcrypt hashes/g)).toHaveLength(1)
  })
})

it('what is wrong with the settings is said once, and once more when they are read anew', async () => {
  const { kura } = await start({ REGISTRY_MISPELT: 'yes' })
  const count = (said: RegExp) => kura.output().match(said)?.length
  for (const times of [1, 2]) {
    expect(count(/REGISTRY_MISPELT is not a setting/g)).toBe(times)
    expect(count(/only bcrypt hashes/g)).toBe(times)
    if (times > 1) continue
    kura.kill('SIGHUP')
    await kura.said(/msg=reloaded/)
  }
})

it('a level of debug says beside that what was asked', async () => {
  const { kura, work, written } = await start({ REGISTRY_LOG_LEVEL: 'debug' })
  await work()
  for (const end of ends) await kura.said(end)
  const lines = written()
  const above = lines.filter((line) => !line.includes('level=debug')).map(messageOf)
  expect(above.sort()).toEqual(told)
  const requests = lines.filter((line) => line.includes('msg="response completed"'))
  expect(requests.filter((line) => line.includes('http.request.method=PATCH'))).toHaveLength(2)
})

it('with any other setting of the log its lines are those of registry:2', async () => {
  const config = join(await cleanup.folder(), 'config.yml')
  await writeFile(config, 'version: 0.1\nlog: { accesslog: { disabled: false } }\n')
  const { kura, work, written } = await start({ REGISTRY_CONFIGURATION_PATH: config })
  await work()
  await kura.said(/a login was refused/)
  expect(written().filter((line) => line.includes('msg="response completed"'))).not.toEqual([])
  expect(
    written().filter((line) => / "PUT \/v2\/team\/app\/manifests\/v1 HTTP/.test(line)),
  ).toHaveLength(1)
  expect(kura.output()).not.toMatch(/ann (?:pushed|pulled|logged in)/)
})
