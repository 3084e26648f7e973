import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Command } from '../../../assembly/checks/config-refusals.ts'
import { printConfig } from '../../../assembly/messages/print-config.ts'
import type { Environment } from '../../../config/variables/environment.ts'
import { load, smallest, withFile } from '../../config/written.ts'

async function print(env: Environment, path?: string): Promise<string> {
  let printed = ''
  await printConfig({ path, env, write: (text) => (printed += text) })
  return printed
}

const rich = `version: 0.1
log: {fields: {"a b": "no: 1", empty: x, null: "null", dash: "- a", star: "*a", lines: "a\\nb"}}
storage: {filesystem: {rootdirectory: "/a b"}, maintenance: {uploadpurging: {age: 1h30m}}}
http: {addr: "[::1]:5000", headers: {X-A: [b, "c, d"]}, tls: {clientcas: [/a, /b]}}
notifications: {endpoints: [{url: "http://a", ignore: {actions: [pull]}}, {url: "http://b"}]}
redis: {addrs: ["a:1"], readtimeout: -1, maxretries: -1}
proxy: {ttl: 0}
`

describe('kura config', () => {
  it('prints every setting with its origin', async () => {
    const printed = await withFile(smallest, (path) => print({ REGISTRY_LOG_LEVEL: 'warn' }, path))
    expect(printed).toMatch(/^version: 0\.1 +# \/.*config\.yml:1$/m)
    expect(printed).toMatch(/^ {2}level: warn +# REGISTRY_LOG_LEVEL$/m)
    expect(printed).toMatch(/^ {2}inmemory: \{\} +# \/.*config\.yml:2$/m)
    expect(printed).toMatch(/^ {2}addr: :5000 +# \/.*config\.yml:3$/m)
    expect(printed).toMatch(/^ {2}draintimeout: 10s +# default$/m)
    expect(printed).not.toMatch(/^(?:redis|proxy|auth|middleware)/m)
  })

  it('lines the origins up', async () => {
    const printed = await withFile(smallest, (path) => print({}, path))
    const columns = printed
      .split('\n')
      .flatMap((line) => line.match(/^(?!#).*# /)?.[0].length ?? [])
    expect(new Set(columns).size).toBe(1)
  })

  it.each([
    ['without a file', ''],
    ['with little in the file', smallest],
    ['with much in the file', rich],
  ])('prints what it would read again, %s', async (_what, text) => {
    const printed = text === '' ? await print({}) : await withFile(text, (path) => print({}, path))
    const again = await load(printed)
    const before = text === '' ? await load(await print({})) : await load(text)
    expect(again.config).toEqual(before.config)
    expect(again.warnings).toEqual([])
  })

  it('prints any text as it would read it again', async () => {
    const word = fc.string({
      unit: fc.constantFrom(...'ab0~-:#/.*&!|>\'"%@`{}[], \t\n\u00e9\u2028<=?_'),
      minLength: 1,
      maxLength: 6,
    })
    // An account in what may be a URL is hidden, so such text is not for reading again.
    const plain = word.filter((text) => !/\/\/[^/\s]*@/.test(text))
    await fc.assert(
      fc.asyncProperty(fc.dictionary(word, plain, { noNullPrototype: true }), async (fields) => {
        const text = `${smallest}log: ${JSON.stringify({ fields })}\n`
        const printed = await withFile(text, (path) => print({}, path))
        expect((await load(printed)).config.log.fields).toEqual(fields)
      }),
    )
  })

  it('hides secrets', async () => {
    const env = {
      REGISTRY_HTTP_SECRET: 'hunter2',
      REGISTRY_REDIS_PASSWORD: 'hunter2',
      REGISTRY_NOTIFICATIONS_ENDPOINTS:
        '[{url: "https://me:hunter2@a", headers: {authorization: hunter2}}]',
      REGISTRY_MIDDLEWARE_REGISTRY: '[{name: a, options: {key: {deep: hunter2}}}]',
    }
    const printed = await print(env)
    expect(printed).not.toContain('hunter2')
    expect(printed).toMatch(/^ {2}secret: "\*{8}" +# REGISTRY_HTTP_SECRET$/m)
    expect((await load(printed)).config.http.secret).toBe('********')
  })

  const stopped: [text: string, said: string, command: Command][] = [
    ['auth: {silly: {realm: a, service: b}}', 'auth.silly is not supported yet (', 'serve'],
    [
      'proxy: {remoteurl: "https://a", username: b}',
      'proxy: username goes with one password',
      'serve',
    ],
    ['auht: {htpasswd: {}}', 'auht (', 'serve'],
    ['kura: {redirect: ":80"}', 'kura.redirect sends clients to HTTPS', 'serve'],
    ['redis: {addrs: [], db: 1}', 'redis.addrs must name a server', 'serve'],
    ['redis: {addrs: ["a:1", "b:1"], db: 1}', 'redis.db must be 0 for a cluster', 'serve'],
    [
      'validation: {manifests: {urls: {allow: ["("]}}}',
      'validation.manifests.urls.allow: (',
      'serve',
    ],
    [
      'auth: {token: {realm: a, service: b, issuer: c}}',
      'auth.token: set rootcertbundle or jwks',
      'serve',
    ],
    ['kura: {workers: {count: 2}}', 'storage.inmemory is the memory of one process', 'serve'],
    ['log: {level: info}', 'http.secret (REGISTRY_HTTP_SECRET) must be set', 'gateway'],
    ['log: {level: info}', 'storage.inmemory is the memory of one process', 'worker'],
  ]
  it.each(stopped)('begins with what would stop the start: %s', async (text, said, command) => {
    let printed = ''
    const write = (more: string) => (printed += more)
    const code = await withFile(`${smallest}${text}\n`, (path) =>
      printConfig({ path, env: {}, write, command }),
    )
    expect(code).toBe(1)
    expect(printed).toMatch(/^# kura (serve|gateway|worker) would not start: /)
    expect(printed.split('\n').filter((line) => line.includes(said))).toHaveLength(1)
    expect(printed).toContain('version: 0.1')
  })

  it('ends with 0 where nothing would stop the start', async () => {
    const code = await withFile(smallest, (path) => printConfig({ path, env: {}, write: () => {} }))
    expect(code).toBe(0)
  })

  it('begins with the warnings', async () => {
    const printed = await print({ REGISTRY_HTTP_ADR: 'x' })
    expect(printed.split('\n')[0]).toBe(
      '# variable REGISTRY_HTTP_ADR is not a setting; did you mean REGISTRY_HTTP_ADDR?',
    )
  })
})
