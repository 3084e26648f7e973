/** By which name a newcomer is told to call the registry, and which authority curl is told to trust. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { beforeAll, expect, it } from '@jest/globals'
import { findReach } from '../../../assembly/messages/reach.ts'
import { openAuthority } from '../../../gateway/listen/certificates/authority.ts'
import { issueServer } from '../../../gateway/listen/certificates/authority-issue.ts'
import { load } from '../../config/written.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { run } from '../../support/run.ts'

const cleanup = useCleanup()
let home: string

/** `own` is as `kura cert` makes it, `named` is for two names only, `selfsigned` vouches for itself. */
beforeAll(async () => {
  home = await cleanup.folder()
  const own = join(home, 'own')
  await openAuthority({ folder: own, names: ['registry.test'] })
  const [ca, caKey] = await Promise.all([
    readFile(join(own, 'ca.crt')),
    readFile(join(own, 'ca.key')),
  ])
  const key = createPrivateKey(await readFile(join(own, 'server.key')))
  const authority = { ca: new X509Certificate(ca), caKey: createPrivateKey(caKey) }
  const named = ['*.test', 'a.test', '192.0.2.7']
  const text = await issueServer({ key, ...authority, names: named, now: new Date() })
  for (const folder of ['named', 'alone', 'public', 'selfsigned']) await mkdir(join(home, folder))
  await writeFile(join(home, 'named/server.crt'), text)
  await writeFile(join(home, 'named/ca.crt'), ca)
  await writeFile(join(home, 'alone/server.crt'), text)
  await writeFile(join(home, 'public/server.crt'), `${text}\n${rootCertificates[0]}\n`)
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost'],
    ...[
      '-keyout',
      join(home, 'selfsigned/server.key'),
      '-out',
      join(home, 'selfsigned/server.crt'),
    ],
    ...['-addext', 'subjectAltName=IP:10.0.0.9'],
  ])
})

const tls = (folder: string) =>
  `tls: {certificate: HOME/${folder}/server.crt, key: HOME/${folder}/server.key}`
const acme = 'tls: {letsencrypt: {cachefile: /l, email: a@b.test, hosts: [b.test, c.test]}}'

type Found = { url: string; host?: string; elsewhere?: string; authority?: string }
const rows: [http: string, found: Found][] = [
  ['addr: ":5000"', { url: 'http://localhost:5000', host: 'localhost:5000' }],
  ['addr: "127.0.0.1:80"', { url: 'http://localhost', host: 'localhost' }],
  ['addr: "[::1]:5000"', { url: 'http://localhost:5000', host: 'localhost:5000' }],
  ['addr: "10.0.0.9:5000"', { url: 'http://10.0.0.9:5000', host: '10.0.0.9:5000' }],
  ['addr: "[fd00::9]:80"', { url: 'http://[fd00::9]:80', host: '[fd00::9]:80' }],
  ['addr: "registry:80"', { url: 'http://registry:80', host: 'registry:80' }],
  ['net: unix, addr: /run/kura.sock', { url: 'http://localhost' }],
  ['addr: ":5000", host: "https://r.test"', { url: 'https://r.test', host: 'r.test' }],
  [
    `addr: ":5000", ${tls('own')}`,
    {
      url: 'https://localhost:5000',
      host: 'localhost:5000',
      elsewhere: 'registry.test:5000',
      authority: 'own/ca.crt',
    },
  ],
  [
    `addr: "127.0.0.1:5000", ${tls('own')}`,
    { url: 'https://localhost:5000', host: 'localhost:5000', authority: 'own/ca.crt' },
  ],
  [
    `addr: ":443", host: "https://registry.test", ${tls('own')}`,
    { url: 'https://registry.test', host: 'registry.test', authority: 'own/ca.crt' },
  ],
  // A proxy has that name, and a certificate for it.
  [
    `addr: ":443", host: "https://proxy.example", ${tls('own')}`,
    { url: 'https://proxy.example', host: 'proxy.example' },
  ],
  [
    `addr: ":443", ${tls('named')}`,
    {
      url: 'https://a.test',
      host: 'a.test',
      authority: 'named/ca.crt',
    },
  ],
  [
    `addr: "192.0.2.7:5000", ${tls('named')}`,
    {
      url: 'https://192.0.2.7:5000',
      host: '192.0.2.7:5000',
      authority: 'named/ca.crt',
    },
  ],
  [`addr: "127.0.0.1:5000", ${tls('alone')}`, { url: 'https://a.test:5000', host: 'a.test:5000' }],
  [`addr: "127.0.0.1:5000", ${tls('public')}`, { url: 'https://a.test:5000', host: 'a.test:5000' }],
  [
    `addr: "127.0.0.1:5000", ${tls('selfsigned')}`,
    {
      url: 'https://10.0.0.9:5000',
      host: '10.0.0.9:5000',
      authority: 'selfsigned/server.crt',
    },
  ],
  [`addr: ":443", ${acme}`, { url: 'https://b.test', host: 'b.test' }],
  [`addr: ":5000", ${tls('missing')}`, { url: 'https://localhost:5000', host: 'localhost:5000' }],
]

it.each(rows)('with %s', async (http, { authority, ...found }) => {
  const text = `version: 0.1\nstorage: inmemory\nhttp: {${http.replaceAll('HOME', home)}}\n`
  const { config } = await load(text)
  expect(await findReach(config)).toEqual({
    ...found,
    ...(authority && { authority: join(home, authority) }),
  })
})
