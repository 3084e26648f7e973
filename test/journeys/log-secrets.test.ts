/** No secret that a stranger sends is in any line of any log, wherever in a request it stands. */
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { addUser } from '../../assembly/accounts/accounts.ts'
import { as } from '../protocol/support/people.ts'
import { useCleanup } from '../support/cleanup.ts'
import { startTopology, type TopologyKind } from '../support/topologies.ts'

const cleanup = useCleanup()
const basic = Buffer.from('ann:hunter2').toString('base64')
const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.hunter2'
const secret = /hunter2|%68unter2|aHVudGVy|YW5uOmh1bnRlcjI|eyJhb/

const targets = [
  '/v2/?access_token=hunter2',
  '/v2/?%70assword=hunter2',
  '/v2/?PASSWORD=hunter2',
  '/v2/?n=1;password=hunter2',
  '/v2/?n=1?password=hunter2',
  '/v2/?scope=1%3Fpassword%3D%68unter2',
  `/v2/?${basic}==`,
  '/v2/?hunter2',
  '/v2/#hunter2',
  '/v2/token?service=kura&scope=1?password=hunter2',
  '/v2/token?account=ann:hunter2&service=https://ann:hunter2@host',
  `/v2/token?account=${jwt}`,
  '/v2/ann:hunter2@host/app/manifests/v1',
  '/v2/app;password=hunter2/manifests/v1',
  '/v2/app/manifests/ann:hunter2@v1',
  '/v2/app/blobs/uploads/1?_state=hunter2',
  '/v2/app/blobs/sha256:ab?X-Amz-Signature=hunter2',
  '/v2//app/manifests/v1?token=hunter2',
  `/v2/${jwt}/tags/list`,
  'http://ann:hunter2@kura.example/v2/',
  'http://kura.example/v2/app/tags/list?last=%68unter2%26x',
  // A failure here is told with its cause.
  '/v2/broken/manifests/v1?password=hunter2',
]
const methods = ['GET', 'OPTIONS', 'PUT']

const headers = [
  'Referer: https://ann:hunter2@page/',
  'Referer: ann:hunter2@page/x?n=1#hunter2',
  'User-Agent: curl/8 password=hunter2 (+https://page/?k=hunter2)',
  `User-Agent: curl/8 Authorization: Basic ${basic}`,
  `User-Agent: ${jwt}`,
  'Content-Type: application/json; password="hunter2"',
  'Host: ann:hunter2@kura.example',
  'Host: kura.example/?password=hunter2',
  'Origin: https://ann:hunter2@page',
  'Content-Range: hunter2',
  'Range: hunter2',
  'If-Match: hunter2',
  'Expect: hunter2',
  'Transfer-Encoding: hunter2',
  'Content-Length: hunter2',
  'Cookie: session=hunter2',
  'Forwarded: for=hunter2;host=ann:hunter2@page',
  'X-Forwarded-For: hunter2',
  'X-Request-Id: hunter2',
  `Authorization: Basic ${basic}`,
  'Authorization: Basic hunter2',
  'Authorization: hunter2',
  `Authorization: Bearer ${jwt}`,
  'Authorization: Bearer kura_hunter2',
  `Kura-Identity: ${jwt}`,
]

const places = ['GET /v2/', 'GET /v2/token?service=kura', 'PUT /v2/app/manifests/v1']

async function ask(port: number, [line, ...fields]: string[]) {
  const hosts = fields.some((it) => it.startsWith('Host')) ? [] : ['Host: kura.example']
  const head = [`${line} HTTP/1.1`, ...hosts, ...fields, 'Connection: close', '', '']
  const connection = connect(port, '127.0.0.1').on('error', () => {})
  connection.resume().write(head.join('\r\n'))
  await once(connection, 'close')
}

const kinds: [TopologyKind, formatter: string][] = [
  ['whole', 'text'],
  ['workers', 'logstash'],
]

describe.each(kinds)('%s, with a log as %s', (kind, formatter) => {
  it('keeps every secret to itself', async () => {
    const file = join(await cleanup.folder(), 'htpasswd')
    await addUser({ file, name: 'ann', password: 'annann', write: () => {} })
    const kura = await startTopology(kind, cleanup, {
      processes: 1,
      env: {
        REGISTRY_AUTH: JSON.stringify({ htpasswd: { realm: 'r', path: file } }),
        REGISTRY_KURA_POLICIES: '',
        REGISTRY_KURA_TRUSTEDPROXIES: '[127.0.0.1]',
        REGISTRY_LOG_FORMATTER: formatter,
        REGISTRY_LOG_LEVEL: 'debug',
      },
    })
    const port = Number(new URL(kura.url).port)
    await mkdir(
      join(kura.root, 'docker/registry/v2/repositories/broken/_manifests/tags/v1/current/link'),
      { recursive: true },
    )
    const signedIn = `Authorization: ${as('ann').authorization}`
    const heads = [
      ...targets.flatMap((target) => methods.map((it) => [`${it} ${target}`, signedIn])),
      ...targets.map((target) => [`GET ${target}`]),
      ...headers.flatMap((header) =>
        places.flatMap((it) => [
          [it, header],
          [it, header, signedIn],
        ]),
      ),
    ]
    await Promise.all(heads.map((head) => ask(port, head)))
    await kura.stop()

    const lines = kura.output().split('\n')
    expect(lines.filter((line) => secret.test(line))).toEqual([])
    // Each kind of line was there to be looked at.
    const kinds = ['response completed', 'request failed', 'a login was refused', '" 404 ']
    expect(kinds.filter((kind) => !lines.some((line) => line.includes(kind)))).toEqual([])
  })
})
