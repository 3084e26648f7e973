/** The chart as Helm renders it: with the values that come with it, and with those it has to refuse. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { describeWith } from '../support/programs.ts'
import { run } from '../support/run.ts'
import { chart, readChart, render, type Values } from './helm/chart.ts'
import { clusterWith } from './helm/cluster.ts'
import { holds } from './helm/holds.ts'

const examples = ['values.yaml', ...globSync('ci/*.yaml', { cwd: chart }).sort()]
const cluster = readChart('ci/cluster-values.yaml')

type Config = Record<string, string>

describeWith(['helm'], 'the chart', () => {
  const cleanup = useCleanup()

  describe.each(examples)('with %s', (file) => {
    it('is nothing that Helm warns of', async () => {
      const said = await run('helm', ['lint', '--strict', chart, '--values', join(chart, file)])
      expect(said).toContain('0 chart(s) failed')
    })

    holds(cleanup, () => render({ values: readChart(file) }))
  })

  it.each<[what: string, values: Values, reason: string]>([
    ['an unknown mode', { mode: 'many' }, "at '/mode'"],
    ['a misspelt name', { persistance: {} }, "additional properties 'persistance' not allowed"],
    ['a number as text', { drainSeconds: '30' }, "at '/drainSeconds'"],
    ['a digest that is none', { image: { digest: 'latest' } }, "at '/image/digest'"],
    ['an address without a port', { redis: { addresses: ['redis'] } }, "at '/redis/addresses/0'"],
    ['a policy that would not be read', { policies: { start: {} } }, "propertyName 'start'"],
    ['two places', { s3: { bucket: 'b' } }, 'either in s3.bucket or in persistence'],
    ['no place', { persistence: { enabled: false } }, 'set persistence.enabled or s3.bucket'],
    ['a cluster without a bucket', { ...cluster, s3: {} }, 'set s3.bucket'],
    ['a cluster without Redis', { ...cluster, redis: {} }, 'redis.addresses'],
    ['a cluster on a volume', { ...cluster, persistence: {} }, 'set persistence.enabled to false'],
  ])('refuses %s with a reason', async (_what, values, reason) => {
    await expect(render({ values })).rejects.toThrow(reason)
  })

  type Options = Parameters<typeof render>[0]
  const find = async (kind: string, name: string, options: Options = {}) =>
    (await render(options)).find((it) => it.kind === kind && it.metadata.name === name)

  it('keeps the secret that it generated before', async () => {
    const data = { secret: Buffer.from('the one before').toString('base64') }
    const objects = await render()
    const before = await clusterWith(cleanup, { objects, secret: { name: 'kura', data } })
    expect(await find('Secret', 'kura', { cluster: before })).toMatchObject({ data })
    const another = await clusterWith(cleanup, { objects, secret: { name: 'other', data } })
    const fresh = await find('Secret', 'kura', { cluster: another })
    const { secret = '' } = (fresh?.data ?? {}) as Config
    expect(Buffer.from(secret, 'base64').length).toBeGreaterThanOrEqual(32)
  })

  it('is called after its release', async () => {
    expect(await find('Service', 'images-kura', { name: 'images' })).toBeDefined()
    expect(await find('Service', 'my-kura', { name: 'my-kura' })).toBeDefined()
  })

  it('tells gateways of all workers by one name, which only gateways reach', async () => {
    const config = (await find('ConfigMap', 'kura', { values: cluster }))?.data as Config
    expect(config['config.yml']).toContain('kura-workers.registry.svc:5001')
    const service = await find('Service', 'kura-workers', { values: cluster })
    expect(service?.spec).toMatchObject({ clusterIP: 'None' })
    const policy = await find('NetworkPolicy', 'kura-worker', { values: cluster })
    const spec = policy?.spec as { ingress: { from: object[] }[] } | undefined
    const labels = { 'app.kubernetes.io/component': 'gateway' }
    expect(spec?.ingress).toMatchObject([{ from: [{ podSelector: { matchLabels: labels } }] }])
    expect(spec?.ingress[0]?.from).toHaveLength(1)
  })

  it('leaves the number of pods to what scales them', async () => {
    const scaled = await find('Deployment', 'kura-worker', { values: cluster })
    expect(scaled?.spec).not.toHaveProperty('replicas')
  })

  it('lets the configuration of the values count more than its own', async () => {
    const values = { config: { http: { draintimeout: '1h' } }, drainSeconds: 10 }
    const config = (await find('ConfigMap', 'kura', { values }))?.data as Config
    expect(config['config.yml']).toContain('draintimeout: 1h')
  })
})
