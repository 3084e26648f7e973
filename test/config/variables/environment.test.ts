import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { load, refusal, smallest } from '../written.ts'

const storage = '{filesystem: {rootdirectory: /a}, maintenance: {readonly: {enabled: true}}}'
const onDisk = smallest.replace('inmemory', storage)
const headers = smallest.replace('}', ', headers: {X-Old: [a], Access-Control-Allow-Origin: [x]}}')
const receiver = `${smallest}notifications: {endpoints: [{name: a, url: "http://a"}]}\n`

/** `A=x B=y` as an environment; values may hold blanks. */
const environment = (text: string) =>
  Object.fromEntries(
    text
      .split(/ (?=REGISTRY_)/)
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )

const find = (config: unknown, key: string) =>
  key.split('.').reduce((value, name) => (value as Record<string, unknown>)?.[name], config)

const rows: [variables: string, key: string, value: unknown, file?: string][] = [
  // Text, numbers, whole sections.
  ['REGISTRY_HTTP_ADDR=0.0.0.0:5001', 'http.addr.text', '0.0.0.0:5001'],
  ['REGISTRY_HTTP_SECRET=0123', 'http.secret', '0123'],
  ['REGISTRY_HTTP_SECRET="a: b"', 'http.secret', 'a: b'],
  ['REGISTRY_HTTP={addr: ":1", prefix: /a/}', 'http.prefix', '/a/'],
  ['REGISTRY_HTTP_ADDR=:2 REGISTRY_HTTP={addr: ":1"}', 'http.addr.text', ':2'],
  ['REGISTRY_LOGLEVEL=debug', 'log.level', 'debug'],
  ['REGISTRY_LOG_FIELDS_MY_SERVICE=a', 'log.fields.my_service', 'a'],
  ['REGISTRY_KURA_PROCESSES=4', 'kura.processes', 4],
  ['REGISTRY_PROXY_REMOTEURL=https://registry-1.docker.io', 'proxy.ttl', 604_800_000],
  ['REGISTRY_PROXY_TTL=0', 'proxy.ttl', 0],
  ['REGISTRY_PROXY_EXEC_COMMAND=docker-credential-a', 'proxy.exec.command', 'docker-credential-a'],
  ['REGISTRY_REDIS_ADDR=a:1', 'redis.addr.text', 'a:1'],
  ['REGISTRY_REDIS_POOL_IDLETIMEOUT=300s', 'redis.pool.idletimeout', 300_000],
  // Choosing a driver or a method.
  ['REGISTRY_STORAGE= REGISTRY_STORAGE_FILESYSTEM=', 'storage.filesystem.maxthreads', 100],
  ['REGISTRY_STORAGE=filesystem', 'storage.filesystem.rootdirectory', '/var/lib/registry'],
  ['REGISTRY_AUTH=none', 'auth', { none: {} }],
  [
    'REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=Registry Realm REGISTRY_AUTH_HTPASSWD_PATH=/p',
    'auth.htpasswd',
    { realm: 'Registry Realm', path: '/p' },
  ],
  [
    'REGISTRY_AUTH_HTPASSWD_REALM=123 REGISTRY_AUTH_HTPASSWD_PATH=/p',
    'auth.htpasswd',
    { realm: '123', path: '/p' },
  ],
  [
    'REGISTRY_STORAGE=s3aws REGISTRY_STORAGE_S3AWS_BUCKET=b REGISTRY_STORAGE_S3_REGION=r',
    'storage.s3.bucket',
    'b',
  ],
  // Nested maps, and keys with an underscore.
  [
    'REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=false',
    'storage.maintenance.readonly.enabled',
    false,
    onDisk,
  ],
  [
    'REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED=no',
    'storage.maintenance.uploadpurging.enabled',
    false,
  ],
  [
    'REGISTRY_STORAGE_MAINTENANCE={readonly: {enabled: true}}',
    'storage.maintenance.readonly.enabled',
    true,
  ],
  [
    'REGISTRY_STORAGE=azure REGISTRY_STORAGE_AZURE_CONTAINER=c REGISTRY_STORAGE_AZURE_MAX_RETRIES=7',
    'storage.azure.max_retries',
    7,
  ],
  // Headers.
  ['REGISTRY_HTTP_HEADERS_X-New=[b]', 'http.headers.x-new', ['b'], headers],
  ['REGISTRY_HTTP_HEADERS_X-New=b', 'http.headers.x-new', ['b']],
  ["REGISTRY_HTTP_HEADERS_X-New=['HEAD', 'GET']", 'http.headers.x-new', ['HEAD', 'GET']],
  [
    'REGISTRY_HTTP_HEADERS_access-control-ALLOW-origin=[https://ui.example]',
    'http.headers',
    { 'X-Old': ['a'], 'Access-Control-Allow-Origin': ['https://ui.example'] },
    headers,
  ],
  ['REGISTRY_HTTP_HEADERS_X-OLD_1=b', 'http.headers.X-Old', ['a', 'b'], headers],
  ['REGISTRY_HTTP_HEADERS={X-A: [b]}', 'http.headers', { 'X-A': ['b'] }, headers],
  // Lists.
  ['REGISTRY_REDIS_ADDRS=[a:1, b:2]', 'redis.addrs.1.text', 'b:2'],
  [
    'REGISTRY_HTTP_TLS_CLIENTCAS_0=/a REGISTRY_HTTP_TLS_CLIENTCAS_1=/b',
    'http.tls.clientcas',
    ['/a', '/b'],
  ],
  [
    'REGISTRY_NOTIFICATIONS_ENDPOINTS_0_TIMEOUT=2s',
    'notifications.endpoints.0.timeout',
    2000,
    receiver,
  ],
  [
    'REGISTRY_NOTIFICATIONS_ENDPOINTS_0_TIMEOUT=2s',
    'notifications.endpoints.0.name',
    'a',
    receiver,
  ],
  [
    'REGISTRY_NOTIFICATIONS_ENDPOINTS_1_URL=http://b',
    'notifications.endpoints.1.url',
    'http://b',
    receiver,
  ],
  [
    'REGISTRY_NOTIFICATIONS_ENDPOINTS=[{url: http://q, timeout: 2s}]',
    'notifications.endpoints.0.timeout',
    2000,
  ],
  // Where the original's spelling is not that of the key.
  [
    'REGISTRY_NOTIFICATIONS_EVENTS_INCLUDEREFERENCES=true',
    'notifications.events.includereferences',
    true,
  ],
  [
    'REGISTRY_NOTIFICATIONS_EVENTCONFIG_INCLUDEREFERENCES=true',
    'notifications.events.includereferences',
    true,
  ],
  ['REGISTRY_HEALTH_FILE_0_FILE=/a', 'health.file.0.file', '/a'],
  ['REGISTRY_HEALTH_FILECHECKERS_0_FILE=/a', 'health.file.0.file', '/a'],
  ['REGISTRY_HEALTH_HTTPCHECKERS_0_URI=http://a', 'health.http.0.statuscode', 200],
  ['REGISTRY_HEALTH_TCPCHECKERS=[{addr: "a:1"}]', 'health.tcp.0.addr', 'a:1'],
  [
    'REGISTRY_LOG_HOOKS_0_TYPE=mail REGISTRY_LOG_HOOKS_0_MAILOPTIONS_FROM=a@b',
    'log.hooks.0.options.from',
    'a@b',
  ],
]

describe('variables', () => {
  it.each(rows)('%s sets %s', async (variables, key, value, file = smallest) => {
    const { config, warnings } = await load(file, environment(variables))
    expect(find(config, key)).toEqual(value)
    expect(warnings.filter((warning) => warning.includes('is not a setting'))).toEqual([])
  })

  const refused: [variable: string, message: string][] = [
    [
      'REGISTRY_NOTIFICATIONS_ENDPOINTS_1_URL=a',
      ': 1 is not the next item of the list, which is 0',
    ],
    ['REGISTRY_HTTP=[a', ': this is not valid YAML'],
    ['REGISTRY_REDIS_ADDRS=a:1', '): found text; must be a list, such as [a, b]'],
    ['REGISTRY_LOG_LEVEL=loud', '): found "loud"; must be error, warn, info, or debug'],
    ['REGISTRY_STORAGE_S3_BUCKET=b', '): must be the only driver, but there is inmemory too'],
  ]
  it.each(refused)('%s is refused%s', async (variable, message) => {
    const [name] = variable.split('=')
    expect(await refusal(smallest, environment(variable))).toContain(`variable ${name}${message}`)
  })

  it('that are empty undo the file, and say so', async () => {
    const { config, warnings } = await load(`${smallest}auth: none\n`, { REGISTRY_AUTH: '' })
    expect(config.auth).toBeUndefined()
    expect(warnings).toEqual([
      expect.stringMatching(/^variable REGISTRY_AUTH is empty, so auth \(.*:4\) does not count$/),
    ])
  })

  it('take any text, once it is quoted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1 }), async (secret) => {
        const { config } = await load(smallest, { REGISTRY_HTTP_SECRET: JSON.stringify(secret) })
        expect(config.http.secret).toBe(secret)
      }),
      { numRuns: 50 },
    )
  })
})
