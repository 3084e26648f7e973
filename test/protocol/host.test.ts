/** The effect of a request's `Host` on the addresses in answers. */
import { describe, expect, it } from '@jest/globals'
import type { Login } from '../../gateway/access/authenticate.ts'
import { createChallenge } from '../../gateway/access/challenge.ts'
import { membersPolicy } from '../../policies/engine/decision.ts'
import { exchange } from './support/raw.ts'
import { expectError, useRegistry } from './support/suite.ts'

const locations = { host: undefined, relative: false, prefix: '/' }

describe('the host that a client says it asks', () => {
  const login: Login = {
    challenge: createChallenge({ scheme: 'bearer', realm: '/v2/token', service: 'kura' }),
  }
  const client = useRegistry({ driver: 'inmemory', rules: { locations } })
  const denies = useRegistry({ driver: 'inmemory', login, policy: membersPolicy })
  const own = (it: typeof client) => `http://127.0.0.1:${it.registry().port}`

  const odd = [
    ...['evil.example/x?', 'evil.example?', 'evil.example#', 'evil.example\\', 'user@evil.example'],
    ...['evil.example"', "evil.example'", 'evil.example, x', 'evil example', 'evil%2eexample'],
    ...[
      '[evil]',
      '[::zz]',
      '[fe80::1%25evil]',
      'evil.example:port',
      'evil.example:65536',
      'evil:0',
    ],
    ...['evil.example:80:90', 'evil..example', 'evil\u00e9.example', '2130706433', '-', ':80'],
  ]
  it.each(odd)('is refused where it is none, and not repeated: %j', async (host) => {
    const headers = { Host: host }
    for (const path of ['/v2/', '/', '/v2/token', '/v2/a/tags/list?n=1']) {
      const answer = await denies.get(path, { headers })
      expectError(answer, 400, 'UNSUPPORTED')
      expect(JSON.stringify(answer.headers)).not.toContain('evil')
    }
    const made = await client.post('/v2/a/blobs/uploads/', { headers })
    expectError(made, 400, 'UNSUPPORTED')
    expect(made.headers).not.toHaveProperty('location')
  })

  it.each(['a\0evil', 'a\x7fevil', 'a\tevil', 'a\x0bevil', '', ' \t', 'a\r\nHost: evil'])(
    'is refused as it comes over the wire: %j',
    async (host) => {
      const sent = `GET /v2/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`
      const heard = await exchange(denies.registry().port, sent)
      expect(heard).toMatch(/^HTTP\/1\.1 400 /)
      expect(heard.split('\r\n\r\n')[0]).not.toContain('evil')
    },
  )

  it('counts as its target names it, where that is a whole URL', async () => {
    const { port } = denies.registry()
    const ask = (version: string, headers: string) =>
      exchange(port, `GET http://r.example:5000/v2/ HTTP/${version}\r\n${headers}\r\n`)
    const close = 'Connection: close\r\n'
    for (const heard of [
      await ask('1.0', ''),
      await ask('1.1', `Host: R.example:5000\r\n${close}`),
    ]) {
      expect(heard).toMatch('realm="http://r.example:5000/v2/token"')
    }
    expect(await ask('1.1', close)).toMatch(/^HTTP\/1\.1 400 /)
    expect(await ask('1.1', `Host: r.example\r\n${close}`)).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('may be missing in HTTP/1.0: answers then name the address that was reached', async () => {
    const challenged = await exchange(denies.registry().port, 'GET /v2/ HTTP/1.0\r\n\r\n')
    expect(challenged).toMatch(`realm="${own(denies)}/v2/token"`)
    const start = 'POST /v2/a/blobs/uploads/ HTTP/1.0\r\nContent-Length: 0\r\n\r\n'
    expect(await exchange(client.registry().port, start)).toMatch(
      `Location: ${own(client)}/v2/a/blobs/uploads/`,
    )
  })
})
