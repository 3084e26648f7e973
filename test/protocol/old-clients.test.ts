/** Clients from before the protocol are told so, and only they. */
import { describe, expect, it } from '@jest/globals'
import { expectError, useRegistry } from './support/suite.ts'

describe('a client by its name', () => {
  const client = useRegistry()
  const ask = (agent: string) => client.get('/v2/', { headers: { 'User-Agent': agent } })

  const old = [
    'docker/1.3.2 go/go1.3.3 kernel/3.16 os/linux arch/amd64',
    'docker/1.4.1 go/go1.3.3',
    'docker/1.5.1-dev go/go1.4',
    'Go 1.1 package http',
  ]
  it.each(old)('is turned away when it is too old: %s', async (agent) => {
    expectError(await ask(agent), 404, 'UNSUPPORTED')
  })

  const fine = [
    'docker/1.6.0 go/go1.4.2',
    'docker/1.13.1 go/go1.7.5',
    'docker/28.2.2 go/go1.24.3',
    'docker/13.0.0',
    'Go-http-client/1.1',
    'Googlebot',
    'containers/5.23.1 (github.com/containers/image)',
    'my docker/1.3',
    '',
  ]
  it.each(fine)('is welcome: %j', async (agent) => {
    expect((await ask(agent)).status).toBe(200)
  })
})
