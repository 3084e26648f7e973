/** Mirrors of the configuration: what they mean, and the mistakes that are named at the start. */
import { describe, expect, it } from '@jest/globals'
import { findProblems } from '../../../assembly/checks/checks.ts'
import { mirrorsFrom } from '../../../assembly/mirrors.ts'
import { load } from '../../config/written.ts'

const base = 'version: 0.1\nstorage: inmemory\nhttp: {addr: ":5000", host: "https://own.example"}\n'
const withMirrors = (...mirrors: string[]) => `${base}kura: {mirrors: [${mirrors.join(', ')}]}\n`
const settingsOf = async (text: string, env = {}) =>
  mirrorsFrom((await load(text, env)).config).map(({ settings }) => settings)

describe('a mirror', () => {
  it('of all is made by the variables of registry:2, quotes and all', async () => {
    const env = { REGISTRY_PROXY_REMOTEURL: '"https://registry-1.docker.io"' }
    const [settings] = await settingsOf(base, env)
    expect(settings).toMatchObject({
      ...{ name: 'docker.io', remoteUrl: 'https://registry-1.docker.io', prefix: '' },
      ...{ hasLibrary: true, lingerMs: 300_000 },
    })
  })

  it('of Docker Hub has its names, and that of others has their host', async () => {
    const [hub, other] = await settingsOf(
      withMirrors('{remoteurl: "https://registry-1.docker.io"}', '{remoteurl: "https://ghcr.io"}'),
    )
    expect(hub).toMatchObject({
      ...{ prefix: 'docker.io', hasLibrary: true },
      namespaces: ['docker.io', 'index.docker.io', 'registry-1.docker.io'],
    })
    expect(other).toMatchObject({ prefix: 'ghcr.io', namespaces: ['ghcr.io'], hasLibrary: false })
  })

  it.each(['docker.io', 'index.docker.io', 'Registry-1.Docker.io', 'registry.hub.docker.com'])(
    'of %s asks the registry of Docker Hub',
    async (host) => {
      const env = { REGISTRY_PROXY_REMOTEURL: `https://${host}` }
      const all = [
        ...(await settingsOf(base, env)),
        ...(await settingsOf(withMirrors(`{remoteurl: "https://${host}"}`))),
      ]
      expect(all.map(({ name }) => name)).toEqual(['docker.io', 'docker.io'])
      const hosts = all.map(({ remoteUrl }) => new URL(remoteUrl).host)
      expect(hosts).toEqual(['registry-1.docker.io', 'registry-1.docker.io'])
    },
  )

  it('may be written as variables', async () => {
    const env = {
      REGISTRY_KURA_MIRRORS_0_REMOTEURL: 'https://quay.io',
      REGISTRY_KURA_MIRRORS_0_TAGTTL: '5m',
      REGISTRY_KURA_MIRRORS_0_DENY_TAGS: '[nightly-*]',
    }
    const [settings] = await settingsOf(base, env)
    expect(settings).toMatchObject({ prefix: 'quay.io', tagTtlMs: 300_000 })
    expect(settings?.tags.deny).toEqual(['nightly-*'])
  })
})

const quay = '{remoteurl: "https://quay.io"}'
const mistakes: [what: string, text: string, said: string][] = [
  [
    'an upstream twice',
    withMirrors(quay, quay),
    'kura.mirrors.1.prefix: quay.io is that of kura.mirrors.0 too',
  ],
  [
    'a port in what would be the prefix',
    withMirrors('{remoteurl: "http://a.example:5001"}'),
    'kura.mirrors.0.prefix: "a.example:5001" cannot begin the name of a repository',
  ],
  [
    'a namespace twice',
    withMirrors(quay, '{remoteurl: "https://b.example", prefix: b, namespaces: [quay.io]}'),
    'kura.mirrors.1.namespaces: quay.io is that of kura.mirrors.0 too',
  ],
  [
    'a pattern that never matches',
    withMirrors('{remoteurl: "https://quay.io", allow: {repositories: [Team/]}}'),
    'kura.mirrors.0: the pattern "Team/"',
  ],
  [
    'half an account',
    withMirrors('{remoteurl: "https://quay.io", username: a}'),
    'kura.mirrors.0: username goes with one password',
  ],
  [
    'an account and a helper',
    withMirrors('{remoteurl: "https://quay.io", username: a, password: b, exec: {command: c}}'),
    'kura.mirrors.0: set username and password, or exec, not both',
  ],
  [
    'a token server with a scheme',
    withMirrors('{remoteurl: "https://quay.io", tokenhosts: [auth.example, "https://a.example"]}'),
    'kura.mirrors.0.tokenhosts: "https://a.example" must be a host such as auth.example or auth.example:8443',
  ],
  [
    'a token server with a path, of a whole mirror',
    `${base}proxy: {remoteurl: "https://quay.io", tokenhosts: [auth.example/token]}\n`,
    'proxy.tokenhosts: "auth.example/token" must be a host such as',
  ],
  [
    'an account in the address',
    `${base}proxy: {remoteurl: "https://a:b@quay.io"}\n`,
    'proxy.remoteurl holds a login',
  ],
  [
    'this registry by its address',
    `${base}proxy: {remoteurl: "http://localhost:5000"}\n`,
    'proxy.remoteurl: http://localhost:5000 is this registry itself',
  ],
  [
    'this registry by its name',
    `${base}proxy: {remoteurl: "https://own.example"}\n`,
    'proxy.remoteurl: https://own.example is this registry itself',
  ],
  [
    'a misspelled rule',
    withMirrors('{remoteurl: "https://quay.io", denny: {tags: [a]}}'),
    'kura.mirrors.0.denny',
  ],
]

describe('a mistake', () => {
  it.each(mistakes)('%s is named with its setting', async (_what, text, said) => {
    const problems = await load(text).then(
      (loaded) => findProblems('serve', loaded),
      (error: Error) => [error.message],
    )
    expect(problems.join('\n')).toContain(said)
    expect(problems.join('\n')).not.toContain('a:b@')
  })
})
