/** kura with a Redis behind sentinels, over TLS alone, set up as an operator would; its master is lost. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { next, send } from '../support/http.ts'
import { digestOf, imageFrom } from '../support/image.ts'
import { runKura, startKura } from '../support/kura.ts'
import { until } from '../support/processes.ts'
import { describeWith } from '../support/programs.ts'
import { chunkHeaders, expectStatus, pullImage, pushImage } from '../support/push.ts'
import { createRandom } from '../support/random.ts'
import { useSentinel } from '../support/redis.ts'
import { type Certificates, makeCertificates } from '../support/redis-tls.ts'

describeWith(['redis-server', 'redis-sentinel'], 'kura with sentinels over TLS', () => {
  const cleanup = useCleanup()
  let certificates: Certificates
  let redis: Awaited<ReturnType<typeof useSentinel>>
  beforeAll(async () => {
    certificates = await makeCertificates(cleanup)
    // Names no address, while sentinels announce nothing else.
    redis = await useSentinel(cleanup, certificates.tls('named'))
  })

  const configFile = (tls: string[]) =>
    [
      'version: 0.1',
      'http: { addr: ":5000" }',
      'storage: { filesystem: { rootdirectory: /var/lib/registry } }',
      'redis:',
      `  addrs: ["localhost:${redis.address.port}"]`,
      '  mastername: main',
      '  tls:',
      ...tls.map((line) => `    ${line}`),
    ].join('\n')
  const own = () => [
    `certificate: ${certificates.pem.cert}`,
    `key: ${certificates.pem.key}`,
    `rootcas: [${certificates.pem.ca}]`,
  ]

  it('says at start which setting keeps it from its sentinels', async () => {
    const path = join(await cleanup.folder(), 'config.yml')
    await writeFile(path, configFile(own().slice(2)))
    const env = {
      REGISTRY_HTTP_ADDR: '127.0.0.1:0',
      REGISTRY_STORAGE: 'inmemory',
      REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: undefined,
    }
    const { code, stdout, stderr } = await runKura(['serve', path], { env })
    expect(stdout + stderr).toContain('redis.tls.certificate: the server asks for one it knows')
    expect(code).not.toBe(0)
  })

  it('goes on with an upload, and pulls, when the master has been replaced', async () => {
    const kura = await startKura({
      config: configFile(own()),
      env: { REGISTRY_KURA_PROCESSES: '1' },
    })
    cleanup.add(kura.stop)
    const random = createRandom(1)
    const place = { url: kura.url, repository: 'team/app' }
    const image = imageFrom(random.bytes(10_000))
    await pushImage(place, 'before', image)
    const bytes = random.bytes(5_000)
    const body = (part: Buffer) => ({ body: part, headers: chunkHeaders })
    const begun = await send('POST', `${kura.url}/v2/team/app/blobs/uploads/`)
    const first = await send('PATCH', next(begun, kura.url), body(bytes.subarray(0, 2_000)))
    expectStatus(first, 202)
    await until(async () => (await redis.replica.command('keys', 'kura:*')).includes('upload'))

    await redis.master.destroy()
    // The folder alone decides meanwhile.
    const second = await send('PATCH', next(first, kura.url), body(bytes.subarray(2_000, 4_000)))
    expectStatus(second, 202)
    await kura.said(/redis is not available/)
    expect(await pullImage(place, 'before')).toBe(image.digest)
    await redis.sentinel.said(/\+switch-master/)
    await kura.said(/redis is available again/)

    await redis.replica.command('flushall')
    const third = await send('PATCH', next(second, kura.url), body(bytes.subarray(4_000)))
    expectStatus(third, 202)
    // Sentinels may tell of the new master once more, and what was just asked is then not written down.
    while (!(await redis.replica.command('keys', 'kura:*')).includes('upload')) {
      expectStatus(await send('POST', `${kura.url}/v2/team/app/blobs/uploads/`), 202)
    }
    const digest = digestOf(bytes)
    expectStatus(await send('PUT', next(third, kura.url, `digest=${digest}`)), 201)
    const later = imageFrom(random.bytes(10_000))
    await pushImage(place, 'after', later)
    expect(await pullImage(place, 'after')).toBe(later.digest)
    expect(await pullImage(place, 'before')).toBe(image.digest)
  })
})
