/** The keys of versions 2 and 3 of the configuration, as what the connection needs. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { pino } from 'pino'
import { openSharedRedis, redisOptions } from '../../../assembly/redis.ts'
import { loadConfig } from '../../../config/load.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { describeWith } from '../../support/programs.ts'
import { useRedis } from '../../support/redis.ts'

const cleanup = useCleanup()

async function loadFrom(lines: string[]) {
  const path = join(await cleanup.folder(), 'config.yml')
  const text = ['version: 0.1', 'http: {addr: ":5000"}', 'storage: inmemory', ...lines]
  await writeFile(path, text.join('\n'))
  return loadConfig({ path, env: {} })
}

async function optionsOf(lines: string[]) {
  const { config } = await loadFrom(['redis:', ...lines.map((line) => `  ${line}`)])
  if (!config.redis) throw new Error('redis is not set')
  return redisOptions(config.redis)
}

const rows: [lines: string[], options: object][] = [
  [['addr: redis:6379'], { addresses: [{ host: 'redis', port: 6379 }] }],
  [['addrs: [redis]'], { addresses: [{ host: 'redis', port: 6379 }] }],
  [['addrs: [":7000"]'], { addresses: [{ host: 'localhost', port: 7000 }] }],
  [['addrs: ["[::1]:7000"]'], { addresses: [{ host: '::1', port: 7000 }] }],
  [
    ['addrs: [a:1, b:2]', 'mastername: main', 'sentinelusername: s', 'sentinelpassword: t'],
    {
      addresses: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      master: 'main',
      sentinelUsername: 's',
      sentinelPassword: 't',
    },
  ],
  [
    ['addrs: [a:1]', 'username: u', 'password: 0123', 'db: 4', 'clientname: n', 'protocol: 2'],
    { username: 'u', password: '0123', db: 4, clientName: 'n', protocol: 2 },
  ],
  [['addrs: [a:1]'], { connectMs: undefined, answerMs: undefined, tls: undefined }],
  [['addrs: [a:1]', 'dialtimeout: 3s', 'readtimeout: 2s'], { connectMs: 3_000, answerMs: 2_000 }],
  [['addr: a:1', 'dialtimeout: 10ms', 'readtimeout: 10ms'], { connectMs: 250, answerMs: 100 }],
  [['addrs: [a:1]', 'dialtimeout: 1h', 'readtimeout: -1'], { connectMs: 10_000, answerMs: 5_000 }],
]
it.each(rows)('%j', async (lines, options) => {
  expect(await optionsOf(lines)).toMatchObject(options)
})

const wrong: [lines: string[], said: string][] = [
  [['db: 1'], 'redis.addrs must name a server, such as [redis:6379]'],
  [
    ['addr: a:1', 'addrs: [b:1]'],
    'redis.addr is the older name of redis.addrs: set one of the two',
  ],
  [['addrs: ["a:b"]'], 'found "a:b"; must be host:port, such as redis:6379'],
  [['addrs: ["a:70000"]'], 'found "a:70000"; must be host:port, such as redis:6379'],
  [
    ['addrs: ["redis://u:p@a:1"]'],
    'found "redis://********@a:1"; must be host:port, such as redis:6379',
  ],
  [['addr: "u:p@a:1"'], 'found "********@a:1"; must be host:port, such as redis:6379'],
  [
    ['addrs: [a:1]', 'tls: {certificate: /c}'],
    'redis.tls.certificate and redis.tls.key belong together: set both or none',
  ],
  [
    ['addrs: [a:1]', 'tls: {rootcas: [/nonexistent/ca]}'],
    'redis.tls.rootcas: /nonexistent/ca cannot be read (ENOENT)',
  ],
]
it.each(wrong)('%j is refused', async (lines, said) => {
  await expect(optionsOf(lines)).rejects.toThrow(said)
})

it('certificates are read from their files', async () => {
  const folder = await cleanup.folder()
  const path = (name: string) => join(folder, name)
  for (const name of ['ca', 'cert', 'key']) await writeFile(path(name), `the ${name}`)
  const tls = `tls: {rootcas: [${path('ca')}], certificate: ${path('cert')}, key: ${path('key')}}`
  expect(await optionsOf(['addrs: [a:1]', tls])).toMatchObject({
    tls: { ca: ['the ca'], cert: 'the cert', key: 'the key' },
  })
})

describeWith(['redis-server'], 'the shared Redis', () => {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(line) })

  it('is not opened when it is not set', async () => {
    const { config } = await loadFrom([])
    expect(await openSharedRedis(config, log)).toBeUndefined()
  })

  it('is opened, and what becomes of it is logged without its password', async () => {
    const server = await useRedis(cleanup, { args: ['--requirepass', 'sesame'] })
    const { config } = await loadFrom([`redis: {addr: ":${server.port}", password: sesame}`])
    const redis = await openSharedRedis(config, log)
    await server.destroy()
    await expect(redis?.get('x')).rejects.toThrow('redis is not available')
    await redis?.close()
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        level: 50,
        msg: 'redis is not available',
        reason: expect.stringMatching(/^redis\.addrs: /),
      },
    ])
    expect(lines.join()).not.toContain('sesame')
  })

  it('must be there when the first process starts', async () => {
    const { config } = await loadFrom(['redis: {addrs: ["127.0.0.1:1"]}'])
    await expect(openSharedRedis(config, log)).rejects.toThrow(
      /^redis\.addrs: the server cannot be reached/,
    )
  })
})
