/** The chart, rendered with the values that come with it, and with those it has to refuse. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { useCleanup } from '../support/cleanup.ts'
import { merge } from './helm/functions.ts'
import { holds } from './helm/holds.ts'
import { readChart, render } from './helm/render.ts'

type Values = Record<string, unknown>

const chart = join(import.meta.dirname, '../../deploy/helm/kura')
const schema = z.fromJSONSchema(readChart('values.schema.json'))
const examples: [name: string, values: Values][] = [
  ['values.yaml', {}],
  ...globSync('ci/*.yaml', { cwd: chart })
    .sort()
    .map((file): [string, Values] => [file, readChart(file)]),
]
const cluster: Values = readChart('ci/cluster-values.yaml')

describe.each(examples)('the chart with %s', (_name, values) => {
  const cleanup = useCleanup()

  it('is told only what its schema knows', () => {
    expect(schema.safeParse(merge(readChart('values.yaml'), values)).error).toBeUndefined()
  })

  holds(cleanup, render({ values }).objects)
})

describe('the values', () => {
  it.each<[name: string, values: Values]>([
    ['an unknown mode', { mode: 'many' }],
    ['a name that is misspelt', { persistance: { enabled: false } }],
    ['a number as text', { drainSeconds: '30' }],
    ['a digest that is none', { image: { digest: 'latest' } }],
    ['an address without a port', { redis: { addresses: ['redis'] } }],
    ['a policy that would not be read', { policies: { start: {} } }],
  ])('may not have %s', (_name, values) => {
    expect(schema.safeParse(merge(readChart('values.yaml'), values)).success).toBe(false)
  })

  it.each<[values: Values, reason: string]>([
    [{ s3: { bucket: 'b' } }, 'either in s3.bucket or in persistence'],
    [{ persistence: { enabled: false } }, 'set persistence.enabled or s3.bucket'],
    [{ ...cluster, s3: {} }, 'set s3.bucket'],
    [{ ...cluster, redis: {} }, 'redis.addresses'],
    [{ ...cluster, persistence: {} }, 'set persistence.enabled to false'],
  ])('%j are refused with a reason', (values, reason) => {
    expect(() => render({ values })).toThrow(reason)
  })
})

describe('the chart', () => {
  const find = (kind: string, name: string, options: Parameters<typeof render>[0] = {}) =>
    render(options).objects.find((it) => it.kind === kind && it.metadata.name === name)

  it('keeps the secret that it generated before', () => {
    const existing = { kura: { data: { secret: 'the one before' } } }
    expect(find('Secret', 'kura', { existing })).toMatchObject({ data: existing.kura.data })
    const fresh = find('Secret', 'kura') as unknown as { data: { secret: string } }
    expect(Buffer.from(fresh.data.secret, 'base64').length).toBeGreaterThanOrEqual(32)
  })

  it('is called after its release', () => {
    expect(find('Service', 'images-kura', { name: 'images' })).toBeDefined()
    expect(find('Service', 'my-kura', { name: 'my-kura' })).toBeDefined()
  })

  it('tells gateways of all workers by one name, which only gateways reach', () => {
    const config = find('ConfigMap', 'kura', { values: cluster })?.data as Record<string, string>
    expect(config['config.yml']).toContain('kura-workers.registry.svc:5001')
    const service = find('Service', 'kura-workers', { values: cluster })
    expect(service?.spec).toMatchObject({ clusterIP: 'None' })
    const policy = find('NetworkPolicy', 'kura-worker', { values: cluster })
    const spec = policy?.spec as { ingress: { from: object[] }[] } | undefined
    const labels = { 'app.kubernetes.io/component': 'gateway' }
    expect(spec?.ingress).toMatchObject([{ from: [{ podSelector: { matchLabels: labels } }] }])
    expect(spec?.ingress[0]?.from).toHaveLength(1)
  })

  it('leaves the number of pods to what scales them', () => {
    const scaled = find('Deployment', 'kura-worker', { values: cluster })
    expect(scaled?.spec).not.toHaveProperty('replicas')
  })

  it('lets the configuration of the values count more than its own', () => {
    const values = { config: { http: { draintimeout: '1h' } }, drainSeconds: 10 }
    const config = find('ConfigMap', 'kura', { values })?.data as Record<string, string>
    expect(config['config.yml']).toContain('draintimeout: 1h')
  })
})
