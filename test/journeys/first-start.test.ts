/** The start of someone who has configured nothing: TLS, one account, and what is said about both. */

import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { setPassword } from '../../assembly/accounts/accounts.ts'
import { useCleanup } from '../support/cleanup.ts'
import { type FirstTry, startFirstTry } from '../support/first-try.ts'
import { runKura } from '../support/kura.ts'
import { command } from '../support/release.ts'

const cleanup = useCleanup()

async function start(home: string): Promise<FirstTry> {
  const kura = await startFirstTry(home)
  cleanup.add(kura.stop)
  return kura
}

describe('a first start', () => {
  let home: string
  let kura: FirstTry

  beforeAll(async () => {
    home = await cleanup.folder()
    kura = await start(home)
  }, 60_000)

  it('lets in nobody but the account it made', async () => {
    const { password } = kura
    expect(password).toMatch(/^[0-9a-f]{24}$/)
    expect((await kura.ask()).status).toBe(401)
    expect((await kura.ask({ password: 'another' })).status).toBe(401)
    expect(await kura.ask({ password })).toMatchObject({ status: 200, body: '{}' })
  })

  it('speaks TLS only', async () => {
    expect((await fetch(`http://127.0.0.1:${kura.port}/v2/`)).status).toBe(400)
  })

  it('tells no browser to keep to a certificate that it made itself', async () => {
    const { status, headers } = await kura.ask({ headers: { Host: 'a-name-of-this-machine' } })
    expect(status).toBe(401)
    expect(headers).not.toHaveProperty('strict-transport-security')
  })

  it('names the authority that clients may trust for it', () => {
    const url = `https://${kura.host}/v2/_catalog`
    expect(kura.lines('curl')).toEqual([`curl --cacert ${kura.authority} --user admin ${url}`])
  })

  it('keeps the password as a hash only', async () => {
    const data = join(home, 'data')
    const names = await readdir(data, { recursive: true, withFileTypes: true })
    const files = names.filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name))
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
    expect(texts.filter((text) => text.includes(kura.password ?? ''))).toEqual([])
    expect(texts.join('\n')).toMatch(/^admin:\$2[aby]\$/m)
    expect(kura.output().split(kura.password ?? '')).toHaveLength(2)
  })

  it('is not alone in knowing the account: the commands in its folder do too', async () => {
    const { stdout } = await runKura(['user', 'list'], { cwd: home })
    expect(stdout).toBe('admin\n')
  })

  it('shows the password once: the next start says how to set another', async () => {
    await kura.stop()
    const again = await start(home)
    expect(again.password).toBeUndefined()
    expect(again.output()).not.toContain(kura.password)
    expect(again.authority).toBe(kura.authority)
    expect((await again.ask({ password: kura.password ?? '' })).status).toBe(200)

    const file = join(home, 'data/kura/htpasswd')
    // Where no \`kura\` is in the PATH, the line has to name the file to run.
    expect(again.lines(command)).toEqual([`${command} user passwd --file ${file} admin`])
    await again.stop()
    await setPassword({ file, name: 'admin', password: 'of my own', write: () => {} })
    const third = await start(home)
    expect((await third.ask({ password: 'of my own' })).status).toBe(200)
  })
})

describe('a first start that fails', () => {
  it('leaves no account whose password nobody has seen', async () => {
    const home = await cleanup.folder()
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const env = { REGISTRY_HTTP_ADDR: `127.0.0.1:${port}` }
    const { code, stdout, stderr } = await runKura(['serve'], { cwd: home, env })
    other.close()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('another program listens there already')
    expect(await readdir(join(home, 'data/kura'))).not.toContain('htpasswd')

    const kura = await start(home)
    expect((await kura.ask({ password: kura.password ?? '' })).status).toBe(200)
  })

  it('puts nothing into a folder that is not its own', async () => {
    const home = await cleanup.folder()
    await mkdir(join(home, 'data'))
    await writeFile(join(home, 'data/cat.jpg'), '')
    const { code, stderr } = await runKura(['serve'], { cwd: home })
    expect(code).toBe(1)
    expect(stderr).toContain('is not empty and holds no registry (found cat.jpg)')
    expect(await readdir(join(home, 'data'))).toEqual(['cat.jpg'])
  })
})
