/** Clients from before the protocol are told so, and only they. */
import { describe, expect, it } from '@jest/globals'
import { expectError, useRegistry } from './support/suite.ts'

describe('a client by its name', () => {
  const client = useRegistry()
  const ask = (agent: string) => client.get('/v2/', { headers: { 'User-Agent': agent } })

  const old = [
    'docker/0.11.1 go/go1.2.1 git-commit/fb99f99 kernel/3.13 os/linux arch/amd64',
    'docker/1.0.0',
    'docker/1.3.0 go/go1.3.3',
    'docker/1.3.2 go/go1.3.3 kernel/3.16 os/linux arch/amd64',
    'docker/1.4.1 go/go1.3.3',
    'docker/1.5.0 go/go1.4.1 git-commit/a8a31ef kernel/3.19 os/linux arch/amd64',
    'docker/1.5.0-dev go/go1.4',
    'docker/1.5.1-dev go/go1.4',
    'docker/1.5',
    'docker/1',
    'Go 1.1 package http',
  ]
  it.each(old)('is turned away when it is too old: %s', async (agent) => {
    expectError(await ask(agent), 404, 'UNSUPPORTED')
  })

  const fine = [
    'docker/1.6.0 go/go1.4.2',
    'docker/1.6.0-dev go/go1.4.2',
    'docker/1.10.3 go/go1.5.3',
    'docker/1.13.1 go/go1.7.5',
    'docker/1.30.0',
    'docker/1.40.0-dev',
    'docker/1.50.1',
    'docker/17.03.0-ce go/go1.7.5 git-commit/60ccb22 kernel/4.9 os/linux arch/amd64',
    'docker/28.2.2 go/go1.24.3',
    'docker/28.5.1 go/go1.24.8 git-commit/f8215cc containerd-client/1.7.28 os/linux arch/amd64',
    'docker/13.0.0',
    'docker/dev',
    'docker/v1.3',
    'Docker-Client/1.5.0 (linux)',
    'containerd/2.1.4',
    'containerd/1.5.0+unknown',
    'buildkit/v0.24',
    'cri-o/1.3.0 go/go1.24 os/linux arch/amd64',
    'Go-http-client/1.1',
    'Go-http-client/2.0',
    'Googlebot',
    'containers/5.23.1 (github.com/containers/image)',
    'libpod/5.4.2',
    'skopeo/1.18.0',
    'go-containerregistry/v0.20.6',
    'cosign/v2.5.0 (linux; amd64)',
    'my docker/1.3',
    '',
  ]
  it.each(fine)('is welcome: %j', async (agent) => {
    expect((await ask(agent)).status).toBe(200)
  })
})
