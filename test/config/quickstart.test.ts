/** When a registry without a file has TLS and an account of its own making, and when it has neither. */
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { loadConfig } from '../../config/load.ts'
import { load, smallest } from './written.ts'

const kept = [
  {},
  { REGISTRY_HTTP_ADDR: ':5001' },
  { REGISTRY_LOG_LEVEL: 'debug', REGISTRY_KURA_PROCESSES: '1' },
  { REGISTRY_STORAGE_DELETE_ENABLED: 'false', REGISTRY_STORAGE_FILESYSTEM_MAXTHREADS: '9' },
  { REGISTRY_AUTH: '' },
]
it.each(kept)('has TLS and a login with %j', async (env) => {
  const { config, protection } = await loadConfig({ env })
  const folder = join(process.cwd(), 'data/kura')
  expect(config.auth?.htpasswd).toEqual({ realm: 'kura', path: join(folder, 'htpasswd') })
  expect(config.http.tls?.certificate).toBe(join(folder, 'certificates/server.crt'))
  expect(protection).toMatchObject({ accounts: join(folder, 'htpasswd') })
})

const given = [
  { REGISTRY_AUTH: 'none' },
  { REGISTRY_AUTH_HTPASSWD: '{realm: a, path: /b}' },
  { REGISTRY_HTTP_TLS: '{certificate: /a, key: /b}' },
  { REGISTRY_HTTP_NET: 'unix', REGISTRY_HTTP_ADDR: '/run/kura.sock' },
  { REGISTRY_STORAGE: 'inmemory' },
  { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: '/images' },
  { REGISTRY_STORAGE_S3: '{bucket: a, region: b}' },
]
it.each(given)('adds neither TLS nor a login to %j', async (env) => {
  const { config, origins, protection } = await loadConfig({ env })
  expect(protection).toBeUndefined()
  for (const [key, part] of Object.entries({ auth: config.auth, 'http.tls': config.http.tls })) {
    expect(part !== undefined).toBe(origins.has(key))
  }
})

it('is protected by nothing of ours once there is a file', async () => {
  expect((await load(smallest)).protection).toBeUndefined()
})
