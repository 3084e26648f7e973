import { describe, expect, it } from '@jest/globals'
import { withoutSecrets } from '../../../gateway/log/redact.ts'
import { textWithoutSecrets } from '../../../gateway/log/redact-text.ts'

const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.s3cret'
const hex = 'ab12'.repeat(16)

describe('a URL in a log', () => {
  const same = [
    '',
    '/v2/',
    '/v2/_catalog?n=10&last=a%2Fb',
    `/v2/team/app/blobs/sha256:${hex}`,
    '/v2/team/app/blobs/sha256:xyz',
    '/v2/team%2Fapp/manifests/v1.0-rc_2',
    '/v2/größe/manifests/v1',
    '/x?n=&',
    'https://host:5000/x@y',
    'https://[2001:db8::1]:5000/x',
    'registry.example:5000',
    `/v2/a/blobs/uploads/?mount=sha256:${hex}&from=b/c&digest-algorithm=sha512`,
    '/token?scope=repository:a/b:pull,push&service=registry.example:5000&n=1',
    '/token?scope=repository%3Aa%2Fb%3Apull&account=robot$ci',
    '/token?scope=repository(plugin):a/b:*%20registry:catalog:*',
    '/token?account=ann@team.example&client_id=docker&offline_token=true&grant_type=password',
    '/x?artifactType=application/vnd.a+json&ns=docker.io',
  ]
  it.each(same)('%s stays as it is', (url) => expect(withoutSecrets(url)).toBe(url))

  const rows: [url: string, written: string][] = [
    ['/v2/a/blobs/uploads/1?_state=s3cret', '/v2/a/blobs/uploads/1?_state=redacted'],
    ['/x?_state=s=3=c&digest=sha256:ab', '/x?_state=redacted&digest=sha256:ab'],
    ['/token?account=ann&password=s3cret', '/token?account=ann&password=redacted'],
    ['/token?refresh_token=s3cret', '/token?refresh_token=redacted'],
    ['/x?access_token=s3cret&token=s3cret', '/x?access_token=redacted&token=redacted'],
    ['/x?X-Amz-Signature=s3cret#n=1', '/x?X-Amz-Signature=redacted'],
    // Whichever way a parameter is called.
    ['/x?%5Fstate=s3cret', '/x?redacted=redacted'],
    ['/x?%70assword=s3cret', '/x?redacted=redacted'],
    ['/x?SCOPE=s3cret', '/x?redacted=redacted'],
    ['/x?Password=s3cret', '/x?Password=redacted'],
    ['/x?=s3cret', '/x?=redacted'],
    // A secret in the place of a name, or without one.
    ['/x?password:s3cret=1', '/x?redacted=redacted'],
    ['/x?YW5uOnMzY3JldA==', '/x?redacted=redacted'],
    [`/x?${jwt}`, '/x?redacted'],
    ['/x?hunter', '/x?redacted'],
    // Users and passwords, with and without a scheme.
    ['https://ann:s3cret@host/x?n=1', 'https://host/x?n=1'],
    ['https://s3cret@host/', 'https://host/'],
    ['//ann:s3cret@host/x', '//host/x'],
    ['ann:s3cret@host/x', 'host/x'],
    ['https:\\\\ann:s3cret@host', 'https:\\\\host'],
    ['/x?next=https://ann:s3cret@host/', '/x?next=redacted'],
    ['/x?from=https://ann:s3cret@host/', '/x?from=redacted'],
    ['/x?from=ann:s3cret@host', '/x?from=redacted'],
    ['/x?account=ann:s3cret', '/x?account=redacted'],
    [`/x?account=${jwt}`, '/x?account=redacted'],
    ['/x?account=kura_s3cret', '/x?account=redacted'],
    // A second query inside of a value.
    ['/token?scope=1?password=s3cret', '/token?scope=redacted'],
    ['/token?scope=1%3Fpassword%3Ds3cret', '/token?scope=redacted'],
    ['/token?scope=1;password=s3cret', '/token?scope=redacted'],
    ['/token?scope=1%26password%3Ds3cret', '/token?scope=redacted'],
    ['/token?scope=%2573%2533cret', '/token?scope=redacted'],
    ['/token?scope=%zz', '/token?scope=redacted'],
    ['/x?n=1#s3cret', '/x?n=redacted'],
    ['/x?n=1;password=s3cret', '/x?n=redacted'],
    ['/x?n=1&amp;password=s3cret', '/x?n=1&redacted=redacted'],
    // A path is no better a place.
    ['/v2/a;password=s3cret/tags/list', '/v2/redacted/tags/list'],
    ['/v2/password=s3cret/tags/list', '/v2/redacted/tags/list'],
    ['/v2/ann:s3cret@host/a/tags/list', '/v2/redacted/a/tags/list'],
    ['/v2/ann:abc@host/tags/list', '/v2/redacted/tags/list'],
    ['/v2/ann%3As3cret%40host/tags/list', '/v2/redacted/tags/list'],
    ['/token:s3cret', '/redacted'],
    ['/token%3Fpassword=s3cret', '/redacted'],
    ['/token%253Fpassword%253Ds3cret', '/redacted'],
    ['/Authorization:%20Bearer%20s3cret', '/redacted'],
    ['/x/https:%2F%2Fann:s3cret@host/y', '/x/redacted/y'],
    [`/v2/${jwt}/tags/list`, '/v2/redacted/tags/list'],
    ['/v2/a%2Fkura_s3cret/tags/list', '/v2/redacted/tags/list'],
    ['https://host/#access_token=s3cret', 'https://host/#access_token=redacted'],
    ['https://host/#/login?password=s3cret', 'https://host/#redacted=redacted'],
    ['https://host/#s3cret', 'https://host/#redacted'],
  ]
  it.each(rows)('%s is %s', (url, written) => expect(withoutSecrets(url)).toBe(written))
})

describe('the name of a client in a log', () => {
  const same = [
    'docker/28.5 go/go1.24 git-commit/ab12 kernel/6.1 os/linux arch/amd64 UpstreamClient(Docker-Client/28.5 \\(linux\\))',
    'containers/5.36 (github.com/containers/image; +https://host/x)',
    'aws-sdk-go-v2/1.30 ua/2.1 os/linux lang/go#1.24 md/GOOS#linux exec-env/x',
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101',
    'application/json; charset=utf-8',
    'Keycloak/26 tokenizer/1',
  ]
  it.each(same)('%s stays as it is', (text) => expect(textWithoutSecrets(text)).toBe(text))

  const rows: [text: string, written: string][] = [
    ['a/1 (+https://ann:s3cret@host/?token=s3cret) b/2', 'a/1 (+https://host/?token=redacted) b/2'],
    ['ann:s3cret@host', 'host'],
    ['ann:s3cret', 'ann:redacted'],
    ['curl/8 password=s3cret', 'curl/8 password=redacted'],
    ['curl/8 (x=s3cret; y="s3cret")', 'curl/8 (x=redacted; y="redacted")'],
    ['curl/8 -p: s3cret', 'curl/8 -p: redacted'],
    ['curl/8 Password: s3cret', 'curl/8 Password: redacted'],
    ['Authorization: Basic YW5uOnMzY3JldA==', 'Authorization: Basic redacted'],
    ['BEARER s3cret', 'BEARER redacted'],
    [`a/1 ${jwt}`, 'a/1 redacted'],
    ['a/1 kura_s3cret', 'a/1 redacted'],
    ['a/1 %70assword%3Ds3cret', 'a/1 redacted'],
    ['application/json; password=s3cret', 'application/json; password=redacted'],
    ['application/json; charset=ann:s3cret', 'application/json; charset=redacted'],
    ['curl/8 pwd s3cret', 'curl/8 pwd redacted'],
    ['curl/8 pass s3cret', 'curl/8 pass redacted'],
    ['curl/8 passphrase s3cret', 'curl/8 passphrase redacted'],
    ['curl/8 credentials s3cret', 'curl/8 credentials redacted'],
  ]
  it.each(rows)('%s is %s', (text, written) => expect(textWithoutSecrets(text)).toBe(written))
})

it('what is long takes no longer than its length', () => {
  const long = 100_000
  const texts = [
    'x:',
    '//',
    '/x?',
    ':',
    '?',
    '@',
    '//a@',
    'a=',
    'a::bb::',
    '%',
    '%41',
    '=:',
    ' a',
    'key ',
    'passw',
  ]
  const started = performance.now()
  for (const text of texts) {
    for (const url of [text.repeat(long), `/x?scope=${text.repeat(long)}!`]) {
      withoutSecrets(url)
      textWithoutSecrets(url)
    }
  }
  // Were one of them looked at in quadratic time, it would be minutes.
  expect(performance.now() - started).toBeLessThan(20_000)
})
