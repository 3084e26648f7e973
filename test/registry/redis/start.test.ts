/** Problems with Redis are told at the start, with the setting to change. */
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { beforeAll, expect, it } from '@jest/globals'
import { openRedis } from '../../../registry/redis/open.ts'
import type { RedisOptions } from '../../../registry/redis/options.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { describeWith } from '../../support/programs.ts'
import { type RedisServer, useRedis } from '../../support/redis.ts'
import { useRedisTls } from '../../support/redis-tls.ts'

const quick = { connectMs: 300, answerMs: 300 }
const secret = 'sesame-4711'

/** Opens and closes; answers the warnings. */
async function tryOut(options: RedisOptions): Promise<string[]> {
  const warnings: string[] = []
  const redis = await openRedis(
    { ...quick, ...options },
    { onWarning: (warning) => warnings.push(warning) },
  )
  try {
    await redis.set('kura:x', 'y', 1_000)
    expect(await redis.get('kura:x')).toBe('y')
  } finally {
    await redis.close()
  }
  return warnings
}

describeWith(['redis-server'], 'a start with Redis', () => {
  const cleanup = useCleanup()
  let open: RedisServer
  let locked: RedisServer
  beforeAll(async () => {
    open = await useRedis(cleanup)
    locked = await useRedis(cleanup, { args: ['--requirepass', secret] })
    await locked.command(
      '-a',
      secret,
      'acl',
      'setuser',
      'kura',
      'on',
      `>${secret}`,
      '~kura:*',
      '+@all',
    )
    await locked.command(
      '-a',
      secret,
      'acl',
      'setuser',
      'reader',
      'on',
      `>${secret}`,
      '~*',
      '+@read',
    )
  })

  const fine: [what: string, options: () => RedisOptions][] = [
    ['no password', () => ({ addresses: [open.address] })],
    ['a host by name', () => ({ addresses: [{ host: 'localhost', port: open.port }] })],
    [
      'another database and a name',
      () => ({ addresses: [open.address], db: 3, clientName: 'kura' }),
    ],
    ['the older protocol', () => ({ addresses: [open.address], protocol: 2 })],
    ['a password', () => ({ addresses: [locked.address], password: secret })],
    ['an account', () => ({ addresses: [locked.address], username: 'kura', password: secret })],
  ]
  it.each(fine)('works with %s', async (_what, options) => {
    expect(await tryOut(options())).toEqual([])
  })

  const wrong: [what: string, options: () => RedisOptions, said: RegExp][] = [
    [
      'a wrong password',
      () => ({ addresses: [locked.address], password: `${secret}-no` }),
      /^redis\.username or redis\.password is wrong/,
    ],
    [
      'a missing password',
      () => ({ addresses: [locked.address] }),
      /^redis\.password: .* none is set/,
    ],
    [
      'an account that may only read',
      () => ({ addresses: [locked.address], username: 'reader', password: secret }),
      /^redis\.username: this account may not/,
    ],
    [
      'a database that is not there',
      () => ({ addresses: [open.address], db: 99 }),
      /^redis\.db: the server has no database of this number/,
    ],
    [
      'nobody at the address',
      () => ({ addresses: [{ host: '127.0.0.1', port: 1 }] }),
      /^redis\.addrs: the server cannot be reached \(127\.0\.0\.1:1: .*ECONNREFUSED/,
    ],
    [
      'a host that does not exist',
      () => ({ addresses: [{ host: 'no.invalid', port: 1 }] }),
      /^redis\.addrs: the server cannot be reached \(no\.invalid:1: .*(?:ENOTFOUND|EAI_AGAIN)/,
    ],
    [
      'TLS where the server has none',
      () => ({ addresses: [open.address], tls: {} }),
      /^redis\.tls: the server speaks no TLS/,
    ],
    [
      'several servers that are no cluster',
      () => ({ addresses: [open.address, locked.address], password: secret }),
      /^redis\.addrs names several servers, so they must be the nodes of one cluster/,
    ],
    [
      'a master to be asked from what is no sentinel',
      () => ({ addresses: [open.address], master: 'main' }),
      /^redis\.addrs must name sentinels, since redis\.mastername is set/,
    ],
    [
      'a database in a cluster',
      () => ({ addresses: [open.address, open.address], db: 1 }),
      /^redis\.db must be 0 for a cluster, but is 1/,
    ],
  ]
  it.each(wrong)('names the setting for %s', async (_what, options, said) => {
    const failure = await tryOut(options()).catch((error: Error) => error)
    expect(failure).toMatchObject({ message: expect.stringMatching(said) })
    expect(JSON.stringify([failure, Object.values(failure)]) + String(failure)).not.toContain(
      secret,
    )
  })

  it('names the setting for what is no Redis, be it talkative or silent', async () => {
    const rows = [
      ['HTTP/1.1 400 Bad Request\r\n\r\n', 'this server is no Redis'],
      ['', 'does not answer'],
    ]
    for (const [says = '', said] of rows) {
      const server = createServer((socket) => void socket.on('error', () => {}).write(says))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      await expect(tryOut({ addresses: [{ host: '127.0.0.1', port }] })).rejects.toThrow(said)
      server.close()
    }
  })

  it('warns of a server that drops keys when it is full', async () => {
    await open.command('config', 'set', 'maxmemory-policy', 'allkeys-lru')
    expect(await tryOut({ addresses: [open.address] })).toEqual([
      expect.stringMatching(/^redis: maxmemory-policy is allkeys-lru.* set it to noeviction/),
    ])
    await open.command('config', 'set', 'maxmemory-policy', 'noeviction')
  })
})

describeWith(['redis-server'], 'a start with Redis over TLS', () => {
  const cleanup = useCleanup()
  let server: Awaited<ReturnType<typeof useRedisTls>>
  beforeAll(async () => {
    server = await useRedisTls(cleanup)
  })

  it('works with its authority and a certificate of ours', async () => {
    const tls = {
      ca: [await server.read('ca')],
      cert: await server.read('cert'),
      key: await server.read('key'),
    }
    expect(await tryOut({ addresses: [server.address], tls })).toEqual([])
  })

  it('names the setting for an authority that is not known', async () => {
    await expect(tryOut({ addresses: [server.address], tls: {} })).rejects.toThrow(
      /^redis\.tls\.rootcas: the certificate comes from no authority in it/,
    )
  })

  it('names the setting for a certificate that is missing', async () => {
    const tls = { ca: [await server.read('ca')] }
    await expect(tryOut({ addresses: [server.address], tls })).rejects.toThrow(
      /^redis\.tls\.certificate: the server asks for one it knows/,
    )
  })

  it('names the setting when TLS is missing', async () => {
    await expect(tryOut({ addresses: [server.address] })).rejects.toThrow(
      /^redis\.tls must be set: the server speaks TLS only/,
    )
  })
})
