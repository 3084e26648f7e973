/** Upstreams that want a login, and one with a certificate of a private authority, as the configuration has them. */
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { close, listening } from '../support/http-server.ts'
import { imageFrom } from '../support/image.ts'
import { type Kura, runKura, startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { manifestUrl, pullImage, pushImage } from '../support/push.ts'
import { startUpstream, type Upstream } from './support/upstream.ts'

const login = `Basic ${Buffer.from('robot:secret').toString('base64')}`

describeWith(['docker-registry'], 'an upstream that wants a login', () => {
  const cleanup = useCleanup()
  const image = imageFrom(Buffer.from('private'))
  let upstream: Upstream
  let kura: Kura

  beforeAll(async () => {
    upstream = await startUpstream(cleanup)
    await pushImage({ url: upstream.registry.url, repository: 'app' }, 'v1', image)
    upstream.meddle(({ headers }, answer) => {
      if (headers.authorization === login) return false
      answer.writeHead(401, { 'WWW-Authenticate': 'Basic realm="a"' }).end()
      return true
    })
    const folder = await cleanup.folder()
    const [file, helper] = [join(folder, 'password'), join(folder, 'helper')]
    await writeFile(file, 'secret\n')
    const said = JSON.stringify({ Username: 'robot', Secret: 'secret' })
    await writeFile(helper, `#!/bin/sh\necho '${said}'\n`)
    await chmod(helper, 0o755)

    await runKura(['cert', '--folder', folder, '127.0.0.1'], { cwd: folder })
    const [cert, key] = await Promise.all(
      ['server.crt', 'server.key'].map((name) => readFile(join(folder, name))),
    )
    const secure = createServer({ cert, key }, (incoming, answer) => {
      const { authorization = '', accept = '*/*' } = incoming.headers
      const headers = { authorization, accept }
      send(incoming.method ?? 'GET', `${upstream.url}${incoming.url}`, { headers }).then((it) =>
        answer.writeHead(it.status, it.headers).end(it.body),
      )
    })
    await listening(secure, { port: 0, host: '127.0.0.1' })
    cleanup.add(() => close(secure))
    const https = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`
    const account = { username: 'robot', password: 'secret' }
    const mirrors = [
      { prefix: 'none', namespaces: [] },
      { prefix: 'wrong', namespaces: [], username: 'robot', password: 'other' },
      { prefix: 'password', namespaces: [], ...account },
      { prefix: 'file', namespaces: [], username: 'robot', passwordfile: file },
      { prefix: 'helper', namespaces: [], exec: { command: helper } },
      { prefix: 'untrusted', namespaces: [], remoteurl: https, ...account },
      {
        prefix: 'trusted',
        namespaces: [],
        remoteurl: https,
        ca: join(folder, 'ca.crt'),
        ...account,
      },
    ].map((it) => ({ remoteurl: upstream.url, ...it }))
    kura = await startKura({
      env: { REGISTRY_KURA_MIRRORS: JSON.stringify(mirrors), REGISTRY_KURA_PROCESSES: '1' },
    })
    cleanup.add(kura.destroy)
  })

  it.each(['password', 'file', 'helper', 'trusted'])('gets it, by %s', async (prefix) => {
    expect(await pullImage({ url: kura.url, repository: `${prefix}/app` }, 'v1')).toBe(image.digest)
  })

  const refused: [prefix: string, cause: RegExp][] = [
    ['none', /login|401/],
    ['wrong', /robot/],
    ['untrusted', /certificate/],
  ]
  it.each(refused)('is named with the cause where it is %s', async (prefix, cause) => {
    const answer = await send(
      'GET',
      manifestUrl({ url: kura.url, repository: `${prefix}/app` }, 'v1'),
    )
    expect(answer.status).toBe(502)
    expect(answer.body.toString()).toMatch(cause)
    expect(answer.body.toString() + kura.output()).not.toContain('secret')
  })
})
