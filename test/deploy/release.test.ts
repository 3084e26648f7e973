/** A release runs by itself, and making it anew leaves alone what runs from it. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { startKura } from '../support/kura.ts'
import { run } from '../support/run.ts'

const cleanup = useCleanup()
let release: string
beforeAll(async () => {
  release = await cleanup.folder()
  await make()
})

const make = () => run(process.execPath, ['deploy/release.ts', release])

/** As the image has it: Node is found in the path. */
const kura = (...args: string[]) =>
  run(join(release, 'bin/kura'), args, {
    env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
  })

it('runs without the sources and their packages', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'))
  expect(await kura('--version')).toBe(`kura ${version}\n`)
  const hash = await kura('htpasswd', '-Bbn', 'amy', 'secret')
  expect(hash).toMatch(/^amy:\$2y\$/)
})

it('has each library that it loads only when it is needed', async () => {
  const folder = await cleanup.folder()
  await kura('cert', '--folder', folder, 'localhost')
  expect(await readdir(folder)).toContain('ca.crt')
})

it('has the licenses of its packages', async () => {
  const licenses = await readdir(join(release, 'licenses'))
  expect(licenses).toEqual(expect.arrayContaining(['koa', 'ioredis', '@aws-sdk-client-s3']))
})

it('names the function that a line of the log comes from', async () => {
  const kura = await startKura({ env: { REGISTRY_LOG_REPORTCALLER: 'true' } })
  await kura.stop()
  expect(kura.output()).toMatch(/msg=stopping func=begin file="\/\S+\.js:\d+"/)
})

it('is made anew without touching what is the same, and without what is old', async () => {
  const main = join(release, 'lib/main.js')
  const before = await stat(main)
  await writeFile(join(release, 'lib/of-an-older-release.js'), '')
  await writeFile(join(release, 'bin/kura'), 'changed')
  await make()
  expect((await stat(main)).ino).toBe(before.ino)
  expect(await readdir(join(release, 'lib'))).not.toContain('of-an-older-release.js')
  expect(await kura('--version')).toMatch(/^kura /)
})
