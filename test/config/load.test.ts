import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { loadConfig } from '../../config/load.ts'
import { load, refusal, smallest, withFile } from './written.ts'

const s3 = `version: 0.1
log: {level: info, fields: {service: registry, environment: service}}
storage:
  delete: {enabled: true}
  s3: {accesskey: a, secretkey: 0123, region: east-1, regionendpoint: store.example,
    secure: true, bucket: images, v4auth: no}
  redirect: {disable: yes}
http: {addr: ":5000", debug: {addr: "localhost:5001"}}
`

describe('a configuration without a file', () => {
  it('serves this machine from ./data and lets clients delete', async () => {
    const { config, origins, warnings } = await loadConfig({ env: {} })
    expect(config.http.addr).toMatchObject({ host: '127.0.0.1', port: 5000 })
    expect(config.storage.filesystem?.rootdirectory).toBe(join(process.cwd(), 'data'))
    expect(config.storage.delete.enabled).toBe(true)
    expect(config.log.level).toBe('info')
    expect([...origins, ...warnings]).toEqual([])
  })

  it('takes the driver of the variables in place of its own', async () => {
    const { config } = await loadConfig({ env: { REGISTRY_STORAGE_INMEMORY: '{}' } })
    expect(Object.keys(config.storage)).not.toContain('filesystem')
    expect(config.storage).toMatchObject({ inmemory: {}, delete: { enabled: true } })
  })

  it('keeps the rest of a section that a variable touches', async () => {
    const { config, origins } = await loadConfig({ env: { REGISTRY_HTTP_PREFIX: '/a/' } })
    expect(config.http).toMatchObject({ addr: { text: '127.0.0.1:5000' }, prefix: '/a/' })
    expect(origins.get('http.prefix')).toBe('variable REGISTRY_HTTP_PREFIX')
    expect(origins.has('http.addr')).toBe(false)
  })
})

describe('a configuration file', () => {
  it('is the argument, or else what the variable names', async () => {
    const env = (path: string) => ({ REGISTRY_CONFIGURATION_PATH: path })
    await withFile(smallest, async (path) => {
      expect((await loadConfig({ env: env(path) })).config.http.addr).toMatchObject({ port: 5000 })
      const { config, warnings } = await loadConfig({ path, env: env('/nowhere') })
      expect(config.http.addr).toMatchObject({ port: 5000 })
      expect(warnings).toEqual([])
    })
  })

  it('knows the defaults of the original, not those without a file', async () => {
    const { config } = await load(smallest)
    expect(config.storage.delete.enabled).toBe(false)
    expect(config.storage.maintenance).toEqual({
      uploadpurging: { enabled: true, age: 604_800_000, interval: 86_400_000, dryrun: false },
      readonly: { enabled: false },
    })
    expect(config.http).toMatchObject({ net: 'tcp', prefix: '/', draintimeout: 10_000 })
    expect(config.catalog.maxentries).toBe(10_000)
  })

  it('for a compatible store is read as people write it', async () => {
    const { config, warnings, origins } = await load(s3)
    expect(config.storage).toMatchObject({
      s3: { secretkey: '0123', regionendpoint: 'store.example', v4auth: false, secure: true },
      redirect: { disable: true },
      delete: { enabled: true },
    })
    expect(config.log.fields).toEqual({ service: 'registry', environment: 'service' })
    expect(warnings).toEqual([])
    expect(origins.get('storage.s3.bucket')).toMatch(/config\.yml:6$/)
  })

  it.each([
    ['storage: inmemory', { inmemory: {} }],
    ['storage:\n  inmemory:', { inmemory: {} }],
    ['storage: {filesystem: ~}', { filesystem: { rootdirectory: '/var/lib/registry' } }],
  ])('may name a driver alone: %j', async (storage, expected) => {
    const { config } = await load(`version: "0.1"\n${storage}\nhttp: {addr: ":5000"}`)
    expect(config.storage).toMatchObject(expected)
  })

  it.each(['/run/kura.sock', 'reads-like-an-address:1'])('may listen on %s', async (path) => {
    const { config } = await load(smallest.replace('":5000"', `"${path}", net: unix`))
    expect(config.http).toMatchObject({ addr: { path }, net: 'unix' })
  })

  const strangers: [text: string, key: string, hint: string][] = [
    ['http: {addr: ":1", prefx: x}', 'http.prefx', '; did you mean http.prefix?'],
    ['http: {addr: ":1", Prefix: x}', 'http.Prefix', '; did you mean http.prefix?'],
    [
      'health: {tcp: [{addr: a, timout: 1s}]}',
      'health.tcp.0.timout',
      '; did you mean health.tcp.0.timeout?',
    ],
    ['colour: red', 'colour', ''],
    ['toString: red', 'toString', ''],
  ]
  it.each(strangers)('is told of the unknown key in %j', async (line, key, hint) => {
    const text = line.startsWith('http') ? smallest.replace(/http.*/, line) : smallest + line
    const { warnings } = await load(text)
    const at = text.split('\n').indexOf(line) + 1
    expect(warnings.map((warning) => warning.replace(/\/\S*\//, ''))).toEqual([
      `${key} (config.yml:${at}) is not a setting${hint}`,
    ])
  })
})

const broken: [what: string, text: string, ...expected: string[]][] = [
  [
    'nothing in it',
    '',
    'version (config.yml): is missing; must be 0.1',
    'http.addr (config.yml): is missing; must be host:port',
    'storage (config.yml): must name one driver: filesystem, inmemory',
  ],
  [
    'another version',
    smallest.replace('0.1', '0.2'),
    'version (config.yml:1): found "0.2"; must be 0.1',
  ],
  [
    'a bare port',
    smallest.replace(':5000', '5000'),
    'http.addr (config.yml:3): found "5000"; must be host:port, such as :5000',
  ],
  [
    'two drivers',
    smallest.replace('inmemory', '{inmemory: {}, filesystem: {}}'),
    'storage.inmemory (config.yml:2): must be the only driver, but there is filesystem too',
    'storage.filesystem (config.yml:2): must be the only driver, but there is inmemory too',
  ],
  [
    'two drivers, one of them half written',
    smallest.replace('inmemory', '{inmemory: {}, gcs: {}}'),
    'storage.gcs.bucket (config.yml:2): is missing; must be text',
    'storage.gcs (config.yml:2): must be the only driver, but there is inmemory too',
  ],
  [
    'a driver unheard of',
    smallest.replace('inmemory', 'inmemry'),
    'must name one driver',
    'storage.inmemry (config.yml:2) is not a setting; did you mean storage.inmemory?',
  ],
  [
    'two methods',
    `${smallest}auth: {none: {}, silly: {realm: a, service: b}}`,
    'auth.none (config.yml:4): must be the only method, but there is silly too',
  ],
  [
    'a method without its keys',
    `${smallest}auth: htpasswd`,
    'auth.htpasswd.realm (config.yml:4): is missing; must be text',
    'auth.htpasswd.path',
  ],
  [
    'half a certificate',
    smallest.replace('}', ', tls: {certificate: /a}}'),
    'http.tls (config.yml:3): must set certificate and key together',
  ],
  [
    'an old TLS',
    smallest.replace('}', ', tls: {minimumtls: tls1.0}}'),
    'found "tls1.0"; must be tls1.2 or tls1.3',
  ],
  [
    'text for a section',
    `${smallest}health: hunter2`,
    'health (config.yml:4): found text; must be a section of keys',
  ],
  [
    'a list for text beside another problem',
    smallest.replace(':5000"}', '5000", host: [a]}'),
    'http.host (config.yml:3): found a list; must be an http or https URL',
    'http.addr (config.yml:3): found "5000"; must be host:port',
  ],
  [
    'an empty item',
    `${smallest}notifications:\n  endpoints:\n    -\n`,
    'notifications.endpoints.0 (config.yml:6): is missing; must be a section of keys',
  ],
  [
    'a header that is none',
    smallest.replace('}', ', headers: {"a b": [c]}}'),
    'http.headers.a b (config.yml:3): must be named like a header',
  ],
  [
    'a header of two lines',
    smallest.replace('}', ', headers: {a: ["b\\nc"]}}'),
    'http.headers.a.0 (config.yml:3): found "b\\nc"; must be text without line breaks',
  ],
  [
    'a prefix without slashes',
    smallest.replace('}', ', prefix: a}'),
    'found "a"; must be a path that begins and ends with /',
  ],
  ['YAML that is none', 'version: 0.1\nhttp: a: b', 'config.yml:2:7: this is not valid YAML'],
]

describe('a configuration that cannot be used', () => {
  it.each(broken)('says why: %s', async (_what, text, ...expected) => {
    const message = await refusal(text)
    for (const line of expected) expect(message).toContain(line)
  })

  it('says all at once', async () => {
    const text = `${smallest.replace('0.1', '1')}tags: {maxtags: -1}\nredis: {db: x}\n`
    expect((await refusal(text)).split('\n')).toEqual([
      'the configuration cannot be used:',
      '  version (config.yml:1): found "1"; must be 0.1',
      '  redis.db (config.yml:5): found "x"; must be a whole number from 0',
      '  tags.maxtags (config.yml:4): found "-1"; must be a whole number from 0',
    ])
  })

  it.each([
    [join(tmpdir(), 'kura-none.yml'), 'there is no such file'],
    [tmpdir(), 'this is a folder, not a file'],
    ['/dev/zero', 'this has more than 1048576 bytes, which is the most for such a file'],
  ])('says that %s: %s', async (path, message) => {
    await expect(loadConfig({ path, env: {} })).rejects.toThrow(`${path}: ${message}`)
  })

  it.each([
    ['a secret of the wrong kind', smallest.replace('}', ', secret: [hunter2]}')],
    ['a secret among wrong things', `${smallest}redis: {password: hunter2, db: x}`],
    ['a secret in a list', smallest.replace('}', ', secret: {hunter2: a}}')],
    [
      'a header of a receiver',
      `${smallest}notifications: {endpoints: [{url: x, headers: {a: ["hunter2\\n"]}}]}`,
    ],
    [
      'a driver that kura does not open',
      smallest.replace('inmemory', '{swift: {password: hunter2}, oss: {}}'),
    ],
    [
      'a value without a blank before it',
      `${smallest.replace('}', ', secret:hunter2}')}redis: {db: x}`,
    ],
    ['an account in a URL', `${smallest}proxy: {remoteurl: "ftp://me:hunter@2hunter2@a"}`],
  ])('does not show %s', async (_what, text) => {
    const message = await refusal(text)
    expect(message).toContain('cannot be used')
    expect(message).not.toContain('hunter2')
  })
})
