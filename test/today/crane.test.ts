/** crane pushes, copies, retags and deletes images, and makes an index of some. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { imageOf, tarOf } from '../support/image.ts'
import type { Kura } from '../support/kura.ts'
import { startKuraHere } from '../support/place.ts'
import { describeWith } from '../support/programs.ts'
import { manifestUrl, pullImage, pushImage } from '../support/push.ts'
import { run } from '../support/run.ts'

describeWith(['crane'], 'crane', () => {
  const cleanup = useCleanup()
  const image = imageOf({ hello: 'hello from the test' })
  let kura: Kura
  let folder: string

  beforeAll(async () => {
    kura = await startKuraHere(cleanup)
    folder = await cleanup.folder()
    await pushImage({ url: kura.url, repository: 'team/app' }, 'v1', image)
  }, 120_000)

  function crane(...args: string[]): Promise<string> {
    const env = { PATH: process.env.PATH, HOME: folder }
    return run('crane', ['--insecure', ...args], { cwd: folder, env })
  }

  const digest = async (name: string) => (await crane('digest', `${kura.host}/${name}`)).trim()

  it('copies an image to another repository and checks it there', async () => {
    await crane('copy', `${kura.host}/team/app:v1`, `${kura.host}/other/app:v1`)
    expect(await digest('other/app:v1')).toBe(image.digest)
    await crane('validate', '--remote', `${kura.host}/other/app:v1`)
  })

  it('appends a layer and pushes the result', async () => {
    await writeFile(join(folder, 'more.tar'), tarOf('more', Buffer.from('a second layer')))
    const [base, made] = [`${kura.host}/team/app:v1`, `${kura.host}/team/app:v2`]
    await crane('append', '--base', base, '--new_layer', 'more.tar', '--new_tag', made)
    await pullImage({ url: kura.url, repository: 'team/app' }, 'v2')
    await crane('pull', made, 'v2.tar')
    await crane('push', 'v2.tar', `${kura.host}/team/app:v3`)
    expect(await digest('team/app:v3')).toMatch(/^sha256:/)
  })

  it('makes an index of images and pulls one of it by its platform', async () => {
    const made = `${kura.host}/team/app:both`
    const part = `${kura.host}/team/app@${image.digest}`
    await crane('index', 'append', '--manifest', part, '--tag', made)
    const { body } = await send(
      'GET',
      manifestUrl({ url: kura.url, repository: 'team/app' }, 'both'),
    )
    expect(JSON.parse(body.toString()).manifests).toMatchObject([{ digest: image.digest }])
    expect((await crane('digest', '--platform=linux/amd64', made)).trim()).toBe(image.digest)
  })

  it('lists and deletes tags', async () => {
    await crane('tag', `${kura.host}/team/app:v1`, 'once-more')
    expect((await crane('ls', `${kura.host}/team/app`)).split('\n')).toContain('once-more')
    await crane('delete', `${kura.host}/team/app:once-more`)
    expect((await crane('ls', `${kura.host}/team/app`)).split('\n')).not.toContain('once-more')
    expect(await digest('team/app:v1')).toBe(image.digest)
  })
})
