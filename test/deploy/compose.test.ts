/** The compose files: compose accepts them, kura knows what they set, and what they mount is there. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { unexpectedWarnings } from '../support/config-warnings.ts'
import { runKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { run } from '../support/run.ts'

const folder = join(import.meta.dirname, '../../deploy/compose')
const files = globSync('*.yml', { cwd: folder }).sort()

type Service = {
  image: string
  command?: string[]
  environment?: Record<string, string>
  volumes?: string[]
  stop_grace_period?: string
}
type Compose = { services: Record<string, Service>; volumes?: Record<string, unknown> }

const textOf = (file: string) => readFileSync(join(folder, file), 'utf8')
const read = (file: string): Compose => parse(textOf(file), { merge: true })

/** The variables that the files demand (`${NAME:?…}`), each with a value long enough for any secret. */
const variables = [...new Set(files.flatMap((file) => [...textOf(file).matchAll(/\$\{(\w+):\?/g)]))]
const values = Object.fromEntries(
  variables.map(([, name = '']) => [name, `value-of-${name}-${'x'.repeat(20)}`]),
)
const filledIn = (text: string) =>
  text.replaceAll(/\$\{(\w+):\?[^}]*\}/g, (_, name: string) => values[name] ?? '')

const services = files.flatMap((file) =>
  Object.entries(read(file).services).map(([name, service]) => ({ file, name, service })),
)
const ours = services.filter(({ service }) => service.image.startsWith('${KURA_IMAGE:-'))

describeWith(['docker-compose'], 'docker-compose', () => {
  const check = (file: string, env: NodeJS.ProcessEnv) =>
    run('docker-compose', ['-f', join(folder, file), 'config'], {
      env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
    })

  it.each(files)('accepts %s', async (file) => {
    expect(await check(file, values)).toContain('services:')
  })

  it('is not let in without the secrets', async () => {
    for (const file of files.filter((it) => textOf(it).includes(':?'))) {
      await expect(check(file, {})).rejects.toThrow(/give|name|share/)
    }
  })
})

describe('the compose files', () => {
  it('are these', () => {
    expect(files).toEqual(['cluster.yml', 'plain.yml', 's3.yml', 'tls.yml'])
    expect(ours.map(({ name }) => name)).toHaveLength(8)
  })

  it.each(ours)('set what kura knows for $name of $file', async ({ service }) => {
    const env = Object.fromEntries(
      Object.entries(service.environment ?? {}).map(([name, value]) => [name, filledIn(value)]),
    )
    expect(Object.keys(env).filter((name) => !name.startsWith('REGISTRY_'))).toEqual([])
    const image = join(import.meta.dirname, '../../deploy/docker/config.yml')
    const { code, stdout, stderr } = await runKura(['config', image], { env })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(unexpectedWarnings(stdout)).toEqual([])
    for (const name of Object.keys(env)) expect(stdout).toContain(`# ${name}`)
  })

  it.each(services)('mount what is there, or said to be made, for $name of $file', (given) => {
    const { file, service } = given
    const comment = textOf(file).match(/^#.*$/gm)?.join('\n') ?? ''
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':')
      if (!source.startsWith('./')) expect(read(file).volumes).toHaveProperty(source)
      else if (!existsSync(join(folder, source))) {
        expect(comment).toMatch(new RegExp(`^# +mkdir .*\\b${source.slice(2)}\\b`, 'm'))
      }
    }
  })

  it.each(ours)('wait longer than $name of $file needs to stop', ({ service }) => {
    const seconds = (text = '') => Number(/^(\d+)s$/.exec(text)?.[1])
    const drain = seconds(service.environment?.REGISTRY_HTTP_DRAINTIMEOUT)
    expect(seconds(service.stop_grace_period)).toBeGreaterThan(drain)
  })

  it('hold no secret', () => {
    for (const { service } of services) {
      for (const [name, value] of Object.entries(service.environment ?? {})) {
        if (/PASSWORD|SECRET|KEY$/.test(name) && !name.startsWith('REGISTRY_HTTP_TLS')) {
          expect(value).toMatch(/^\$\{\w+:\?[^}]+\}$/)
        }
      }
    }
  })
})

describe('the policies to begin with', () => {
  it('hold what they promise', async () => {
    const { code, stderr } = await runKura(['policy', 'test', join(folder, 'policies')])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})
