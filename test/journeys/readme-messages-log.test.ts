/** The messages in the log of a running kura, by docs/troubleshooting.md: each is provoked. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { startKura } from '../support/kura.ts'
import { patternOf, saidUnder } from '../support/pages.ts'
import { findFreePort } from '../support/ports.ts'

const cleanup = useCleanup()

async function start(options: Parameters<typeof startKura>[0]) {
  const kura = await startKura({
    ...options,
    env: { REGISTRY_KURA_PROCESSES: '1', ...options?.env },
  })
  cleanup.add(kura.stop)
  return kura
}

const rule = 'rules: [{ name: a, who: [a], repositories: ["**"], actions: [pull] }]\n'
const config = 'version: 0.1\nstorage: { filesystem: {} }\nhttp: { addr: ":5000" }\n'

/** Set for every kura of a test, and of no use with another storage. */
const root = 'REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY'
const deletes = 'REGISTRY_STORAGE_DELETE_ENABLED'

/** Each answers the kura that is to say so. */
const runs: Record<string, () => ReturnType<typeof start>> = {
  'is open: everyone who reaches it may do everything': () =>
    start({ env: { REGISTRY_AUTH: 'none' }, listenEverywhere: true }),

  async 'there was no htpasswd file, so one was made with this user'() {
    const path = join(await cleanup.folder(), 'misspelt/htpasswd')
    const env = { REGISTRY_AUTH_HTPASSWD_REALM: 'a', REGISTRY_AUTH_HTPASSWD_PATH: path }
    return start({ env })
  },

  async 'nobody can log in: no line of the htpasswd file has a user'() {
    const path = join(await cleanup.folder(), 'htpasswd')
    await writeFile(path, '')
    const env = { REGISTRY_AUTH_HTPASSWD_REALM: 'a', REGISTRY_AUTH_HTPASSWD_PATH: path }
    return start({ env })
  },

  async 'the htpasswd file is UTF-16'() {
    const path = join(await cleanup.folder(), 'htpasswd')
    await writeFile(path, '\ufeffann:plain', 'utf16le')
    const env = { REGISTRY_AUTH_HTPASSWD_REALM: 'a', REGISTRY_AUTH_HTPASSWD_PATH: path }
    return start({ env })
  },

  async 'tokens are good on this machine only, and until kura stops'() {
    const file = join(await cleanup.folder(), 'htpasswd')
    await writeFile(file, '')
    const memory = { REGISTRY_STORAGE: 'inmemory', [root]: undefined, [deletes]: undefined }
    const auth = JSON.stringify({ htpasswd: { realm: 'a', path: file } })
    return start({ env: { ...memory, REGISTRY_AUTH: auth } })
  },

  async 'a worker is down'() {
    const secret = 'that of a test, and it is long enough'
    const addresses = `[127.0.0.1:${await findFreePort()}]`
    const env = { REGISTRY_HTTP_SECRET: secret, REGISTRY_KURA_WORKERS_ADDRESSES: addresses }
    return start({ args: ['gateway'], env })
  },

  async 'not reloaded: all processes go on as they were'() {
    const file = join(await cleanup.folder(), 'config.yml')
    await writeFile(file, config)
    const kura = await start({ args: ['serve', file] })
    await writeFile(file, config.replace('0.1', '7'))
    kura.kill('SIGHUP')
    return kura
  },

  async 'changed policies cannot be used; the last good ones stay'() {
    const folder = join(await cleanup.folder(), 'policies')
    await mkdir(folder)
    await writeFile(join(folder, 'a.yaml'), rule)
    const kura = await start({ env: { REGISTRY_KURA_POLICIES: folder } })
    await writeFile(join(folder, 'a.yaml'), rule.replace('pull', 'psuh'))
    return kura
  },
}

const elsewhere = [
  // With a bucket of a real service: test/journeys/readme-storage.test.ts
  'storage.s3 without redis: no other machine may serve this storage',
  // test/journeys/refused.test.ts
  'a login was refused',
  'a login has to wait',
  'a request was denied',
]

it('all of it is provoked', () => {
  const told = saidUnder('docs/troubleshooting.md', 'kura, while it runs')
  expect([...Object.keys(runs), ...elsewhere].sort()).toEqual(told.toSorted())
})

it.each(Object.entries(runs))('%s', async (said, run) => {
  const kura = await run()
  await kura.said(patternOf(said))
})
