/** `kura user` writes the file that the server reads, or none. */
import { mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { useCleanup } from '../../support/cleanup.ts'
import { command, compiled } from '../../support/release.ts'
import { run } from '../../support/run.ts'

const cleanup = useCleanup()
let folder: string
beforeEach(async () => {
  folder = await realpath(await cleanup.folder())
})

async function user(line: string, env: NodeJS.ProcessEnv = {}) {
  const piped = `echo secret | ${command} user ${line} 2>&1`
  const own = {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    NODE_COMPILE_CACHE: compiled,
    ...env,
  }
  return run('sh', ['-c', `${piped} || echo "exit code $?"`], { cwd: folder, env: own })
}

describe('kura user add', () => {
  it('in a folder where no server has started makes nothing there', async () => {
    const said = await user('add ann')
    expect(said).toContain(`there is no ${folder}/data/kura/htpasswd, so no kura without settings`)
    expect(said).toContain('exit code 1')
    expect(await readdir(folder)).toEqual([])
  })

  it('makes no file beside that of a server that has its accounts elsewhere', async () => {
    await mkdir(join(folder, 'data/kura'), { recursive: true })
    expect(await user('add ann')).toContain('exit code 1')
    expect(await readdir(join(folder, 'data/kura'))).toEqual([])
  })

  it.each([
    ['a variable', '', { REGISTRY_AUTH_HTPASSWD_PATH: 'auth/htpasswd' }],
    ['a file', ' --config config.yml', {}],
  ])('refuses a path from %s that leads nowhere from here', async (_what, option, env) => {
    const auth = 'auth: { htpasswd: { realm: a, path: auth/htpasswd } }'
    await writeFile(
      join(folder, 'config.yml'),
      `version: 0.1\nstorage: inmemory\nhttp: { addr: :1 }\n${auth}\n`,
    )
    const realm = { REGISTRY_AUTH_HTPASSWD_REALM: 'a', ...env }
    const said = await user(`add ann${option}`, option ? {} : realm)
    expect(said).toContain(
      `auth.htpasswd.path is auth/htpasswd, and there is no folder ${folder}/auth`,
    )
    expect(said).toContain('exit code 1')
    await mkdir(join(folder, 'auth'))
    expect(await user(`add ann${option}`, option ? {} : realm)).toBe(
      `added ann to ${folder}/auth/htpasswd\n`,
    )
  })

  it('makes the file it is told, with its folder, and says where that is', async () => {
    expect(await user('add ann --file auth/htpasswd')).toBe(
      `added ann to ${folder}/auth/htpasswd\n`,
    )
    expect(await readFile(join(folder, 'auth/htpasswd'), 'utf8')).toMatch(/^ann:/)
  })
})

it('kura user passwd says where it looked', async () => {
  expect(await user('passwd ann')).toContain(`there is no ${folder}/data/kura/htpasswd`)
  expect(await user('passwd ann --file auth/htpasswd')).toContain(
    `kura: ${folder}/auth/htpasswd: there is no such file`,
  )
})
