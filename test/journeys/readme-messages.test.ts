/** The messages at start in docs/troubleshooting.md: each is provoked. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { close, listening } from '../support/http-server.ts'
import { runKura } from '../support/kura.ts'
import { patternOf, saidUnder } from '../support/pages.ts'
import { findFreePort } from '../support/ports.ts'
import { describeWith } from '../support/programs.ts'
import { command } from '../support/release.ts'
import { run } from '../support/run.ts'

const page = 'docs/troubleshooting.md'
const root = 'REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY'
const cleanup = useCleanup()
const keys = {
  REGISTRY_STORAGE_S3_BUCKET: 'images',
  REGISTRY_STORAGE_S3_ACCESSKEY: 'a',
  REGISTRY_STORAGE_S3_SECRETKEY: 'b',
  [root]: undefined,
}

let home: string
let inUse: number
beforeAll(async () => {
  home = await cleanup.folder()
  await chmod(home, 0o755)
  for (const name of ['photos/cat', 'policies', 'roots', 'data']) {
    await mkdir(join(home, name), { recursive: true })
  }
  await runKura(['cert', '--folder', 'one'], { cwd: home })
  await runKura(['cert', '--folder', 'two'], { cwd: home })
  const google = 'version: 0.1\nstorage: { gcs: { bucket: a } }\nhttp: { addr: :5000 }\n'
  await writeFile(join(home, 'google.yml'), google)
  const server = createServer()
  await listening(server, { port: 0, host: '127.0.0.1' })
  cleanup.add(() => close(server))
  inUse = (server.address() as { port: number }).port
})

type Start = { args?: string[]; env?: () => NodeJS.ProcessEnv; user?: string }

/** How to start it so that it says so and ends. */
const starts: Record<string, Start> = {
  'the data folder … is not empty and holds no registry': {
    env: () => ({ [root]: join(home, 'photos') }),
  },
  'may not write to it: the folder belongs to': {
    env: () => ({ [root]: join(home, 'roots') }),
    user: '65534',
  },
  'may not read it: the file belongs to': {
    env: () => ({
      REGISTRY_HTTP_TLS_CERTIFICATE: join(home, 'one/server.crt'),
      REGISTRY_HTTP_TLS_KEY: join(home, 'one/server.key'),
      [root]: undefined,
      REGISTRY_STORAGE: 'inmemory',
    }),
    user: '65534',
  },
  'another program listens there already': {
    env: () => ({ REGISTRY_HTTP_ADDR: `127.0.0.1:${inUse}` }),
  },
  'cannot listen on :443: this user may not listen there': {
    env: () => ({ REGISTRY_HTTP_ADDR: ':443', [root]: undefined, REGISTRY_STORAGE: 'inmemory' }),
    user: '65534',
  },
  'is not the key of the certificate in': {
    env: () => ({
      REGISTRY_HTTP_TLS_CERTIFICATE: join(home, 'one/server.crt'),
      REGISTRY_HTTP_TLS_KEY: join(home, 'two/server.key'),
    }),
  },
  'is not supported yet': { args: ['serve', 'google.yml'], env: () => ({ [root]: undefined }) },
  'remoteurl: … is this registry itself': {
    env: () => ({
      REGISTRY_HTTP_ADDR: '127.0.0.1:5001',
      REGISTRY_PROXY_REMOTEURL: 'http://127.0.0.1:5001',
    }),
  },
  'username goes with one password': {
    env: () => ({ REGISTRY_PROXY_REMOTEURL: 'https://a.example', REGISTRY_PROXY_USERNAME: 'a' }),
  },
  'must be host:port, such as :5000 or 127.0.0.1:5000': {
    env: () => ({ REGISTRY_HTTP_ADDR: '5000' }),
  },
  'it does not speak TLS: set storage.s3.secure': {
    env: () => ({ ...keys, REGISTRY_STORAGE_S3_REGIONENDPOINT: `127.0.0.1:${inUse}` }),
  },
  'http.secret (REGISTRY_HTTP_SECRET) must be set': { args: ['gateway'] },
  'is not a setting, and without it …': {
    env: () => ({ REGISTRY_AUHT: 'htpasswd' }),
  },
  'is what an example shows': {
    args: ['gateway'],
    env: () => ({ REGISTRY_HTTP_SECRET: 'put-32-random-characters-here' }),
  },
  'the policies cannot be used': {
    env: () => ({ REGISTRY_KURA_POLICIES: join(home, 'policies') }),
  },
}

/** With a real service: test/journeys/readme-storage.test.ts and redis-sentinels.test.ts */
const elsewhere = [
  'it has no such bucket',
  'redis.tls.certificate: the server asks for one it knows',
]

async function startAndFail({ args = ['serve'], env = () => ({}), user }: Start): Promise<string> {
  const own = {
    REGISTRY_HTTP_ADDR: `127.0.0.1:${await findFreePort()}`,
    REGISTRY_AUTH: 'none',
    [root]: join(home, 'data'),
    ...env(),
  }
  if (!user) {
    const { code, stderr } = await runKura(args, { env: own, cwd: home })
    expect(code).toBe(1)
    return stderr
  }
  const drop = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups']
  const started = run('setpriv', [...drop, command, ...args], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...own },
    cwd: home,
  })
  return started.catch((error) => error.message)
}

describe('what kura says at start', () => {
  it('is all provoked here', () => {
    const told = saidUnder(page, 'kura, at start')
    expect([...Object.keys(starts), ...elsewhere].sort()).toEqual(told.toSorted())
  })

  it.each(Object.entries(starts).filter(([, { user }]) => !user))('%s', async (said, start) => {
    expect(await startAndFail(start)).toMatch(patternOf(said))
  })
})

describeWith(
  ['setpriv', 'root', 'linux'],
  'what kura says at start to a user without rights',
  () => {
    it.each(Object.entries(starts).filter(([, { user }]) => user))('%s', async (said, start) => {
      expect(await startAndFail(start)).toMatch(patternOf(said))
    })
  },
)
