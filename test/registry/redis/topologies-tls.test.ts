/** Sentinels, and a cluster, that speak TLS only and let in whoever shows a certificate they know. */
import type { PeerCertificate } from 'node:tls'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { openRedis } from '../../../registry/redis/open.ts'
import type { Address, RedisOptions } from '../../../registry/redis/options.ts'
import { identityCheck } from '../../../registry/redis/tls.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { until } from '../../support/processes.ts'
import { describeWith } from '../../support/programs.ts'
import { type RedisServer, useRedis, useRedisCluster, useSentinel } from '../../support/redis.ts'
import { type Certificates, makeCertificates } from '../../support/redis-tls.ts'

/** Whether a server with a certificate of one name, reached at `host`, is believed to be a configured one. */
const identities: [
  configured: string[],
  master: string | undefined,
  host: string,
  known: boolean,
][] = [
  [['redis.example'], undefined, 'redis.example', true],
  [['redis.example'], undefined, '10.0.0.7', false],
  [['redis.example'], 'main', '10.0.0.7', true],
  [['other.example', 'redis.example'], undefined, '10.0.0.7', true],
  [['other.example', 'third.example'], undefined, '10.0.0.7', false],
  [['redis.example'], 'main', 'other.example', false],
  [['10.0.0.7', '10.0.0.8'], undefined, '10.0.0.7', false],
]
it.each(identities)(
  'certificate of redis.example, configured %j, master %s, at %s: %s',
  (...row) => {
    const [configured, master, host, known] = row
    const check = identityCheck({
      addresses: configured.map((it) => ({ host: it, port: 1 })),
      master,
    })
    const certificate = { subject: {}, subjectaltname: 'DNS:redis.example' } as PeerCertificate
    expect(check(host, certificate) === undefined).toBe(known)
  },
)

/** Far more than it takes on a busy machine, and less than what is usual. */
const quick = { connectMs: 1_500, answerMs: 1_500 }

describeWith(['redis-server', 'redis-sentinel'], 'over TLS', () => {
  const cleanup = useCleanup()
  let tls: Awaited<ReturnType<Certificates['trusted']>>
  let foreign: typeof tls
  let plain: RedisServer[]
  let sentinels: Awaited<ReturnType<typeof useSentinel>>
  let cluster: RedisServer[]
  beforeAll(async () => {
    const [own, others] = await Promise.all([makeCertificates(cleanup), makeCertificates(cleanup)])
    tls = await own.trusted()
    foreign = await others.trusted()
    const named = { tls: own.tls('named'), replicas: 1, nodeTimeout: 1_000 }
    ;[sentinels, cluster, ...plain] = await Promise.all([
      useSentinel(cleanup, own.tls('server')),
      useRedisCluster(cleanup, named),
      useRedis(cleanup),
      useRedis(cleanup),
    ])
  })

  async function open(options: RedisOptions) {
    const back = Promise.withResolvers<void>()
    const redis = await openRedis(
      { ...quick, ...options },
      { pauseMs: 50, onChange: (now) => now.available && back.resolve() },
    )
    cleanup.add(redis.close)
    const setAll = () =>
      Promise.all([...'abcdefgh'].map((name) => redis.set(`kura:${name}`, 'x', 60_000)))
    return { redis, back: back.promise, setAll }
  }

  const throughSentinels = () => ({ addresses: [sentinels.address], master: 'main' })
  const byName = (servers: RedisServer[]): Address[] =>
    servers.map(({ port }) => ({ host: 'localhost', port }))
  const throughNodes = () => ({ addresses: byName(cluster) })

  describe('a start', () => {
    const noTls = () => plain.map((it) => it.address)
    const wrong: [what: string, options: () => Partial<RedisOptions>, said: RegExp][] = [
      [
        'another authority',
        () => ({ tls: { ...tls, ca: foreign.ca } }),
        /^redis\.tls\.rootcas: the certificate comes from no authority in it \([^)]*: self-signed/,
      ],
      [
        'no authority',
        () => ({ tls: { cert: tls.cert, key: tls.key } }),
        /^redis\.tls\.rootcas: the certificate comes from no authority in it/,
      ],
      [
        'no certificate of ours',
        () => ({ tls: { ca: tls.ca } }),
        /^redis\.tls\.certificate: the server asks for one it knows \([^)]*: \w+ alert certificate required\)$/,
      ],
      [
        'a certificate from an authority that the servers do not know',
        () => ({ tls: { ...foreign, ca: tls.ca } }),
        /^redis\.tls\.certificate: the server asks for one it knows/,
      ],
      ['no TLS', () => ({ tls: undefined }), /^redis\.tls must be set: the server speaks TLS only/],
      [
        'TLS where there is none',
        () => ({ tls, addresses: noTls() }),
        /^redis\.tls: the server speaks no TLS \([^)]*: it speaks no TLS\)$/,
      ],
    ]
    const kinds: [kind: string, options: () => RedisOptions][] = [
      ['sentinels', throughSentinels],
      ['a cluster', throughNodes],
      ['a single server', () => ({ addresses: [sentinels.replica.address] })],
    ]
    const rows = kinds.flatMap(([kind, options]) =>
      wrong.map(([what, change, said]) => ({ kind, what, options, change, said })),
    )
    it.each(rows)(
      'with $kind and $what names the setting',
      async ({ kind, options, change, said }) => {
        const changed = { ...options(), ...change() }
        const addresses =
          kind === 'a single server' ? changed.addresses.slice(0, 1) : changed.addresses
        await expect(open({ ...changed, addresses })).rejects.toThrow(said)
      },
    )

    it('with addresses of which the certificates say nothing names the setting', async () => {
      const addresses = cluster.map((it) => it.address)
      await expect(open({ addresses, tls })).rejects.toThrow(
        /^redis\.addrs: the certificate names other hosts/,
      )
    })
  })

  it('sentinels lead to the new master when the old one is frozen', async () => {
    const { master, replica, sentinel } = sentinels
    const { redis, back } = await open({ ...throughSentinels(), tls })
    await redis.set('kura:x', 'before', 60_000)
    master.freeze()
    await expect(redis.set('kura:x', 'lost', 60_000)).rejects.toThrow('redis is not available')
    await sentinel.said(/\+switch-master/)
    await back
    await redis.set('kura:x', 'after', 60_000)
    expect(await replica.command('get', 'kura:x')).toBe('after\n')
    master.thaw()
  })

  it('a cluster that announces addresses is known by the names that are configured', async () => {
    await (await open({ ...throughNodes(), tls })).setAll()
    await (await open({ addresses: byName(cluster.slice(0, 2)), tls })).setAll()
  })

  it('a cluster that announces the names of hosts is known by these', async () => {
    const announced = ['cluster-announce-hostname', 'localhost']
    const preferred = ['cluster-preferred-endpoint-type', 'hostname']
    await Promise.all(cluster.map((it) => it.command('config', 'set', ...announced, ...preferred)))
    // Each tells the others, in its own time.
    for (const node of cluster) {
      await until(
        async () => (await node.command('cluster', 'slots')).split('localhost').length >= 5,
      )
    }
    await (await open({ ...throughNodes(), tls })).setAll()
  })

  it('a cluster goes on with the replica of a master that is killed', async () => {
    const { setAll, back } = await open({ ...throughNodes(), tls })
    await setAll()
    await cluster[0]?.destroy()
    await expect(setAll()).rejects.toThrow('redis is not available')
    await cluster[3]?.said(/Failover election won/)
    await back
    const works = async (): Promise<void> => setAll().then(() => {}, works)
    await works()
  })
})
