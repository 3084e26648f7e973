/** The chapters of the README and its pages on TLS, accounts and policies, with their own lines. */
import { mkdir, readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { addUser } from '../../assembly/accounts/accounts.ts'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { blockOf, project } from '../support/pages.ts'
import { findFreePort } from '../support/ports.ts'
import { command, compiled } from '../support/release.ts'
import { run } from '../support/run.ts'
import { startService } from '../support/service.ts'

const cleanup = useCleanup()
const password = 'a password of a test'
let home: string
beforeAll(async () => {
  home = await cleanup.folder()
})

const environment = (more: NodeJS.ProcessEnv = {}) => ({
  PATH: `${dirname(command)}:${process.env.PATH}`,
  HOME: home,
  NODE_COMPILE_CACHE: compiled,
  REGISTRY_KURA_PROCESSES: '1',
  ...more,
})

/** Where `kura serve` ends the block, it has started when this resolves. */
async function serveWith(block: string, more: NodeJS.ProcessEnv = {}) {
  const port = await findFreePort()
  const own = {
    REGISTRY_HTTP_ADDR: `127.0.0.1:${port}`,
    REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: join(await cleanup.folder(), 'data'),
    ...more,
  }
  const lines = block
    .replaceAll(':5000\n', `:${port}\n`)
    .replace(/\bkura serve\n$/, 'exec kura serve')
  const service = await startService({
    command: 'sh',
    args: ['-ec', lines],
    cwd: home,
    env: environment(own),
    ready: /listening on/,
  })
  cleanup.add(service.stop)
  return { port, url: `http://127.0.0.1:${port}` }
}

const inShell = (lines: string) => run('sh', ['-ec', lines], { cwd: home, env: environment() })
const basic = (name: string, secret: string) => ({
  Authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`,
})

async function askTls(port: number, authority: string, headers = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  const options = { host: '127.0.0.1', port, path: '/v2/', ca: await readFile(authority), headers }
  request(options, (answer) => resolve(answer.resume().statusCode))
    .once('error', reject)
    .end()
  return promise
}

describe('TLS', () => {
  it("comes from an authority of one's own, by the lines of both pages, and the account goes on", async () => {
    const file = join(home, 'data/kura/htpasswd')
    await addUser({ file, name: 'admin', password, cost: 4, write: () => {} })
    const page = 'docs/tls.md'
    const ofPage = [
      blockOf(page, 'An authority of your own'),
      blockOf(page, 'TLS'),
      blockOf(page, 'An authority of your own', { at: 1 }),
    ]
    for (const lines of [blockOf('README.md', 'TLS, for other machines'), ofPage.join('')]) {
      const { port } = await serveWith(lines)
      const authority = join(home, 'certs/ca.crt')
      expect(await askTls(port, authority)).toBe(401)
      expect(await askTls(port, authority, basic('admin', password))).toBe(200)
    }
  })

  it('comes from a certificate that openssl has made', async () => {
    await inShell(blockOf('docs/tls.md', 'Files', { at: 1 }))
    const live = '/etc/letsencrypt/live/registry.example'
    const instead = {
      ':443': ':5000',
      [`${live}/fullchain.pem`]: 'domain.crt',
      [`${live}/privkey.pem`]: 'domain.key',
    }
    const { port } = await serveWith(blockOf('docs/tls.md', 'Files', { instead }))
    // The certificate that was made is for other names than that of this test.
    await expect(askTls(port, join(home, 'domain.crt'))).rejects.toThrow('192.168.11.14')
  })
})

it('a page of another origin is told that it may ask', async () => {
  const { url } = await serveWith(blockOf('README.md', 'A web page in front'))
  const { headers } = await send('OPTIONS', `${url}/v2/app/manifests/v1`)
  expect(headers).toMatchObject({
    'access-control-allow-origin': 'https://ui.example',
    'access-control-allow-methods': expect.stringContaining('DELETE'),
    'access-control-allow-headers': 'Authorization, Accept',
    'access-control-expose-headers': 'Docker-Content-Digest',
  })
})

describe('accounts', () => {
  const add = 'kura user add --file auth/htpasswd alice'

  it('are asked for after the lines of the README', async () => {
    const block = blockOf('README.md', 'Passwords', {
      instead: { [add]: `echo '${password}' | ${add}` },
    })
    const { url } = await serveWith(block)
    expect((await send('GET', `${url}/v2/`)).status).toBe(401)
    const headers = basic('alice', password)
    expect((await send('GET', `${url}/v2/`, { headers })).status).toBe(200)
    expect(await inShell('kura user list --file auth/htpasswd')).toBe('alice\n')
  })

  it('and robots may do what policies allow them', async () => {
    const folder = join(home, 'policies')
    await mkdir(folder)
    const rules = blockOf('docs/access.md', 'Robots', { language: 'yaml' })
    await run('sh', ['-ec', `cat > ${folder}/robots.yaml <<'E'\n${rules}E`])
    const auth = blockOf('docs/access.md', 'Passwords', { at: 1 })
    const root = join(home, 'shared')
    const variables = {
      REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: root,
      REGISTRY_KURA_POLICIES: folder,
    }
    const { url } = await serveWith(auth, variables)

    const robots = blockOf('docs/access.md', 'Robots', { instead: { ' --config config.yml': '' } })
    const [create = '', list = '', revoke = ''] = robots.split('\n')
    const env = environment(variables)
    const token = (await run('sh', ['-ec', create], { cwd: home, env })).trim()
    expect(await run('sh', ['-ec', list], { cwd: home, env })).toContain('team/**')

    const headers = basic('ci', token)
    const begin = (name: string) => send('POST', `${url}/v2/${name}/blobs/uploads/`, { headers })
    expect((await begin('team/app')).status).toBe(202)
    expect((await begin('other/app')).status).toBe(403)
    await run('sh', ['-ec', revoke], { cwd: home, env })
    let { status } = await begin('team/app')
    while (status === 202) status = (await begin('team/app')).status
    expect(status).toBe(401)
  })
})

it('policies are tried out and obeyed', async () => {
  // The lines make the folder themselves, as nobody has it before; only `sudo` is left out.
  const instead = {
    'sudo ': '',
    '/etc/kura/policies': join(home, 'etc/kura/policies'),
    'policies/examples': join(project, 'policies/examples'),
    'REGISTRY_KURA_POLICIES=': 'export REGISTRY_KURA_POLICIES=',
    ' kura serve': '\nkura serve',
  }
  const { url } = await serveWith(blockOf('README.md', 'Who may do what', { instead }))
  expect((await send('POST', `${url}/v2/platform/api/blobs/uploads/`)).status).toBe(403)
})
