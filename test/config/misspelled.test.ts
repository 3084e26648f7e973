/** A misspelling of what keeps people out stops the start; what others call so does not. */
import { describe, expect, it } from '@jest/globals'
import { load, refusal, smallest } from './written.ts'

const htpasswd = '{htpasswd: {realm: a, path: /b}}'
const inHttp = (text: string) => smallest.replace('}', `, ${text}}`)

const keys: [text: string, key: string, meant: string][] = [
  // Below what guards, nothing may be unknown.
  [`${smallest}auth: {htpaswd: {realm: a, path: /b}}`, 'auth.htpaswd', 'auth.htpasswd'],
  [`${smallest}auth: htpaswd`, 'auth.htpaswd', 'auth.htpasswd'],
  [`${smallest}auth: basic`, 'auth.basic', 'in auth there are none, htpasswd, and token'],
  [`${smallest}auth: false`, 'auth.false', 'in auth there are'],
  [`${smallest}auth: {HTPASSWD: {realm: a, path: /b}}`, 'auth.HTPASSWD', 'in auth there are'],
  [
    `${smallest}auth: {htpasswd: {realm: a, path: /b, pth: c}}`,
    'auth.htpasswd.pth',
    'auth.htpasswd.path',
  ],
  [inHttp('tls: {certifcate: /a}'), 'http.tls.certifcate', 'http.tls.certificate'],
  [inHttp('tls: {client_cas: [/a]}'), 'http.tls.client_cas', 'http.tls.clientcas'],
  [`${smallest}kura: {tokens: {gracee: 0}}`, 'kura.tokens.gracee', 'kura.tokens.grace'],
  [
    `${smallest}policy: {repository: {clases: [image]}}`,
    'policy.repository.clases',
    'policy.repository.classes',
  ],
  // Slips of a name, other separators and other capitals.
  [`${smallest}auht: ${htpasswd}`, 'auht', 'auth'],
  [`${smallest}Auth: ${htpasswd}`, 'Auth', 'auth'],
  [`${smallest}oauth: ${htpasswd}`, 'oauth', 'auth'],
  [`${smallest}authentication: ${htpasswd}`, 'authentication', 'auth'],
  [inHttp('tsl: {certificate: /a, key: /b}'), 'http.tsl', 'http.tls'],
  [inHttp('TLS: {certificate: /a, key: /b}'), 'http.TLS', 'http.tls'],
  [inHttp('ssl: {certificate: /a, key: /b}'), 'http.ssl', 'http.tls'],
  [`${smallest}kura: {policy: /p}`, 'kura.policy', 'kura.policies'],
  [`${smallest}kura: {Polices: /p}`, 'kura.Polices', 'kura.policies'],
  [`${smallest}kura: {token: {folder: /t}}`, 'kura.token', 'kura.tokens'],
  // In another place.
  [`${smallest}htpasswd: {realm: a, path: /b}`, 'htpasswd', 'auth.htpasswd'],
  [`${smallest}ht-passwd: {realm: a, path: /b}`, 'ht-passwd', 'auth.htpasswd'],
  [`${smallest}tls: {certificate: /a, key: /b}`, 'tls', 'http.tls'],
  [`${smallest}policies: /p`, 'policies', 'kura.policies'],
  [`${smallest}tokens: {folder: /t}`, 'tokens', 'kura.tokens'],
  [`${smallest}kura: {auth: ${htpasswd}}`, 'kura.auth', 'auth'],
  [inHttp(`auth: ${htpasswd}`), 'http.auth', 'auth'],
  [inHttp('certificate: /a'), 'http.certificate', 'http.tls.certificate'],
  [inHttp('clientcas: [/a]'), 'http.clientcas', 'http.tls.clientcas'],
  [smallest.replace('inmemory', `{inmemory: , auth: ${htpasswd}}`), 'storage.auth', 'auth'],
  [`${smallest}log: {tls: {certificate: /a}}`, 'log.tls', 'http.tls'],
  // Inside of what nothing is known of.
  [`${smallest}kuro: {policies: /p}`, 'kuro.policies', 'kura.policies'],
  [`${smallest}htpp: {tls: {certificate: /a}}`, 'htpp.tls', 'http.tls'],
  [`${smallest}registry: {config: [{auth: ${htpasswd}}]}`, 'registry.config.0.auth', 'auth'],
]

const variables: [name: string, meant: string][] = [
  ['REGISTRY_AUHT', 'REGISTRY_AUTH'],
  ['REGISTRY_AUHT_HTPASSWD_PATH', 'REGISTRY_AUTH_HTPASSWD_PATH'],
  ['REGISTRY_AUTH_HTPASWD_PATH', 'REGISTRY_AUTH_HTPASSWD_PATH'],
  ['REGISTRY_AUTH_HTPASSWD_PTH', 'REGISTRY_AUTH_HTPASSWD_PATH'],
  ['REGISTRY_HTPASSWD_PATH', 'REGISTRY_AUTH_HTPASSWD_PATH'],
  ['REGISTRY_HTTP_AUTH', 'REGISTRY_AUTH'],
  ['REGISTRY_KURA_AUTH_HTPASSWD_PATH', 'REGISTRY_AUTH_HTPASSWD_PATH'],
  ['REGISTRY_CONFIG_AUTH_HTPASSWD_PATH', 'REGISTRY_AUTH_HTPASSWD_PATH'],
  ['REGISTRY_BASIC_AUTH', 'REGISTRY_AUTH_HTPASSWD'],
  ['REGISTRY_HTTP_TSL_CERTIFICATE', 'REGISTRY_HTTP_TLS_CERTIFICATE'],
  ['REGISTRY_HTPP_TLS_CERTIFICATE', 'REGISTRY_HTTP_TLS_CERTIFICATE'],
  ['REGISTRY_HTTP_TLS_CERT', 'REGISTRY_HTTP_TLS_KEY'],
  ['REGISTRY_TLS_CERTIFICATE', 'REGISTRY_HTTP_TLS_CERTIFICATE'],
  ['REGISTRY_HTTP_CERTIFICATE', 'REGISTRY_HTTP_TLS_CERTIFICATE'],
  ['REGISTRY_http_tls_certificate', 'REGISTRY_HTTP_TLS_CERTIFICATE'],
  ['REGISTRY_HTTP_CLIENT_CAS', 'REGISTRY_HTTP_TLS_CLIENTCAS'],
  ['REGISTRY_KURA_POLICY', 'REGISTRY_KURA_POLICIES'],
  ['REGISTRY_POLICIES', 'REGISTRY_KURA_POLICIES'],
  ['REGISTRY_KURO_POLICIES', 'REGISTRY_KURA_POLICIES'],
  ['REGISTRY_KURA_TOKENS_FOLDR', 'REGISTRY_KURA_TOKENS_FOLDER'],
  ['REGISTRY_TOKEN_REALM', 'REGISTRY_AUTH_TOKEN_REALM'],
  // Without the word that all of them begin with.
  ['KURA_POLICIES', 'REGISTRY_KURA_POLICIES'],
  ['KURA_POLICY', 'REGISTRY_KURA_POLICIES'],
  ['KURA_AUTH_HTPASSWD_PATH', 'REGISTRY_AUTH_HTPASSWD_PATH'],
  ['KURA_HTTP_TLS_CERTIFICATE', 'REGISTRY_HTTP_TLS_CERTIFICATE'],
  ['KURA_TOKENS_FOLDER', 'REGISTRY_KURA_TOKENS_FOLDER'],
  ['REGISTY_AUTH', 'REGISTRY_AUTH'],
  ['registry_auth_htpasswd_path', 'REGISTRY_AUTH_HTPASSWD_PATH'],
  ['REGISTRY-AUTH', 'REGISTRY_AUTH'],
  ['REGISTRY.AUTH.HTPASSWD.PATH', 'REGISTRY_AUTH_HTPASSWD_PATH'],
]

describe('a misspelling of what keeps people out', () => {
  it.each(keys)('in %j stops the start: %s, meant for %s', async (text, key, meant) => {
    const said = await refusal(text)
    const line = text.trimEnd().split('\n').length
    expect(said).toMatch(
      new RegExp(
        `^ {2}${key} \\(config\\.yml:${text.startsWith(smallest) ? line : '\\d'}\\) is not`,
        'm',
      ),
    )
    expect(said).toContain('is not a setting, and without it ')
    expect(said).toContain(meant)
  })

  it.each(variables)('%s stops the start, meant for %s', async (name, meant) => {
    const said = await refusal(smallest, { [name]: '/a' })
    expect(said).toContain(`variable ${name} is not a setting, and without it `)
    expect(said).toContain(`; did you mean ${meant}?`)
  })

  it('is told what there is, where nothing is near', async () => {
    const said = await refusal(smallest, { REGISTRY_AUTH_BASIC: '/a' })
    expect(said).toContain('; in auth there are none, htpasswd, and token')
  })

  it.each(['htpaswd', 'basic', 'ldap', 'None'])(
    'REGISTRY_AUTH=%s stops the start',
    async (name) => {
      expect(await refusal(smallest, { REGISTRY_AUTH: name })).toContain(
        `auth.${name} (variable REGISTRY_AUTH) is not a setting, and without it everyone might be let in`,
      )
    },
  )

  it('shows nothing of what was written', async () => {
    const said = await refusal(`${smallest}auht: {htpasswd: {password: hunter2}}`, {
      REGISTRY_AUHT: 'hunter2',
    })
    expect(said).not.toContain('hunter2')
  })
})

/** As Kubernetes sets them for a service of the name before the first underscore of the second row. */
const serviceOf = (name: string) => ({
  [`${name}_SERVICE_HOST`]: '10.96.7.7',
  [`${name}_SERVICE_PORT`]: '5000',
  [`${name}_SERVICE_PORT_HTTPS`]: '5000',
  [`${name}_PORT`]: 'tcp://10.96.7.7:5000',
  [`${name}_PORT_5000_TCP`]: 'tcp://10.96.7.7:5000',
  [`${name}_PORT_5000_TCP_PROTO`]: 'tcp',
  [`${name}_PORT_5000_TCP_PORT`]: '5000',
  [`${name}_PORT_5000_TCP_ADDR`]: '10.96.7.7',
})

describe('what others call so', () => {
  it.each(['REGISTRY', 'REGISTRY_AUTH', 'REGISTRY_TLS', 'KURA', 'KURA_AUTH', 'KURA_POLICIES'])(
    'the variables of a service %s are passed over in silence',
    async (name) => {
      const { warnings } = await load(smallest, serviceOf(name))
      expect(warnings).toEqual([])
    },
  )

  it.each([
    ['REGISTRY_AUTH_FILE', '/run/user/0/containers/auth.json'],
    ['REGISTRY_TOKEN', 'x'],
    ['REGISTRY_USERNAME', 'x'],
    ['REGISTRY_PASSWORD', 'x'],
    ['REGISTRY_URL', 'https://a'],
    ['REGISTRY_TITLE', 'x'],
    ['REGISTRY_CERT_PATH', '/a'],
    ['KURA_TOKEN', 'x'],
    ['KURA_IMAGE', 'x'],
    ['KURA_SECRET', 'x'],
    ['KURA_USER', '0:0'],
    ['GITHUB_AUTH', 'x'],
    ['TLS_CERTIFICATE', '/a'],
  ])('%s=%s stops nothing', async (name, value) => {
    expect((await load(smallest, { [name]: value })).config.auth).toBeUndefined()
  })

  it.each([
    'reporting: {bugsnag: {apikey: a}, newrelic: {licensekey: b, name: c}}',
    'compatibility: {schema1: {enabled: true, trustkey: /a}}',
    'x-auth: &auth {htpasswd: {realm: a, path: /b}}\nx-more: {tls: {certificate: /a}}',
    '.tls: {certificate: /a}',
    'tracing: {exporter: none}',
  ])('%j in a file stops nothing', async (text) => {
    expect((await load(`${smallest}${text}\n`)).config.http.tls).toBeUndefined()
  })
})
