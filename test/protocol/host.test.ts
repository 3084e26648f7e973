/** What the `Host` of a request may do to the addresses that answers name. */
import { describe, expect, it } from '@jest/globals'
import type { Login } from '../../gateway/access/authenticate.ts'
import { createChallenge } from '../../gateway/access/challenge.ts'
import { membersPolicy } from '../../policies/decision.ts'
import { exchange } from './support/raw.ts'
import { useRegistry } from './support/suite.ts'

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
    ...[
      'evil.example"',
      'evil.example, x',
      'evil example',
      '[::zz]',
      'evil.example:port',
      ':80',
      '',
    ],
    ...['evil.example:80:90', '-', 'evil%2eexample', "evil.example'"],
  ]
  it.each(odd)('is not repeated where it is none: %j', async (host) => {
    const headers = { Host: host }
    const challenged = await denies.get('/v2/', { headers })
    const made = await client.post('/v2/a/blobs/uploads/', { headers })
    if (challenged.status !== 400) {
      expect(challenged.headers['www-authenticate']).toMatch(`realm="${own(denies)}/v2/token"`)
      expect(made.headers.location).toMatch(`${own(client)}/v2/a/blobs/uploads/`)
    }
    expect(JSON.stringify([challenged.headers, made.headers])).not.toContain('evil')
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
