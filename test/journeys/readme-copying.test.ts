/** The lines of docs/copying.md: between a registry that wants a login and one that does not, and through files. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { hash } from 'bcryptjs'
import { useCleanup } from '../support/cleanup.ts'
import { startDistribution } from '../support/distribution.ts'
import { imageOf } from '../support/image.ts'
import { blocksOf } from '../support/pages.ts'
import { describeWith } from '../support/programs.ts'
import { pushImage } from '../support/push.ts'
import { command, compiled } from '../support/release.ts'
import { run } from '../support/run.ts'

const page = 'docs/copying.md'

describeWith(['docker-registry', 'linux'], 'images of a registry elsewhere', () => {
  const cleanup = useCleanup()
  const image = imageOf({ a: 'text' })
  let home: string
  let env: NodeJS.ProcessEnv
  let names: Record<string, string>
  let destination: string

  beforeAll(async () => {
    home = await cleanup.folder()
    const root = await cleanup.folder()
    const path = join(home, 'htpasswd')
    const people = [
      ['robot', 'an-access-token'],
      ['ci', 'of ci'],
    ] as const
    const lines = people.map(async ([user, word]) => `${user}:${await hash(word, 4)}\n`)
    await writeFile(path, (await Promise.all(lines)).join(''))
    await writeFile(join(home, 'secret'), 'of ci\n')
    const auth = { htpasswd: { realm: 'a realm', path } }
    const [open, near, far] = [
      await startDistribution(cleanup, root),
      await startDistribution(cleanup, await cleanup.folder(), auth),
      await startDistribution(cleanup, root, auth),
    ]
    await pushImage({ url: open.url, repository: 'team/app' }, 'v1', image)
    await pushImage({ url: open.url, repository: 'team/app' }, 'v1.1', image)
    await pushImage({ url: open.url, repository: 'team/web' }, 'v1', image)
    destination = near.url
    names = {
      'quay.io': far.host,
      'registry.example': near.host,
      'other.example': near.host,
      '/run/secrets/registry': join(home, 'secret'),
      // The image of the test is for one platform.
      'linux/arm64': '',
    }
    const login = (user: string, word: string) => ({
      auth: Buffer.from(`${user}:${word}`).toString('base64'),
    })
    await mkdir(join(home, '.docker'))
    const auths = { [far.host]: login(...people[0]), [near.host]: login(...people[1]) }
    await writeFile(join(home, '.docker/config.json'), JSON.stringify({ auths }))
    env = {
      PATH: `${dirname(command)}:${process.env.PATH}`,
      HOME: home,
      NODE_COMPILE_CACHE: compiled,
    }
  })

  const withOwn = (text: string) =>
    Object.entries(names).reduce((done, [name, own]) => done.replaceAll(name, own), text)

  const shown = blocksOf(page).filter(({ language }) => language === 'sh')
  it.each(shown)('are copied with the lines under $heading', async ({ heading, text }) => {
    const lines = withOwn(text)
    // Those with logins of their own work without docker's.
    const home = heading === 'Logins' ? '/nonexistent' : env.HOME
    const cwd = await cleanup.folder()
    const file = blocksOf(page).find((it) => it.heading === heading && it.language === 'yaml')
    await writeFile(join(cwd, 'sync.yml'), withOwn(file?.text ?? ''))
    const said = await run('sh', ['-ec', lines], { env: { ...env, HOME: home }, cwd })
    const copies = lines.match(/^kura /gm) ?? []
    expect(said.match(/^copied .*/gm)?.length).toBeGreaterThanOrEqual(copies.length)
    expect(said).toContain(image.digest)
  })

  it('are there then', async () => {
    const answer = await fetch(`${destination}/v2/team/app/tags/list`, {
      headers: { authorization: `Basic ${Buffer.from('ci:of ci').toString('base64')}` },
    })
    expect(await answer.json()).toEqual({ name: 'team/app', tags: ['v1', 'v1.1'] })
  })
})
