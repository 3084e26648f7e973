/** The command line as people type it, from habit or from the help. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { runKura, startKura } from '../support/kura.ts'
import { run } from '../support/run.ts'

describe('the command kura', () => {
  const cleanup = useCleanup()

  it('prints its help', async () => {
    const { code, stdout, stderr } = await runKura(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const word of ['serve', 'config', '--version', 'REGISTRY_']) {
      expect(stdout).toContain(word)
    }
  })

  it('prints its version', async () => {
    const packageFile = new URL('../../package.json', import.meta.url)
    const { version } = JSON.parse(await readFile(packageFile, 'utf8'))
    const { code, stdout } = await runKura(['--version'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: `kura ${version}\n` })
  })

  it('says what it knows when it is asked for something else', async () => {
    const { code, stderr } = await runKura(['surf'])
    expect(code).toBe(1)
    expect(stderr).toContain("unknown command 'surf'")
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it('hears of variables that no shell could name, as those of some headers', async () => {
    const name = 'REGISTRY_HTTP_HEADERS_Access-Control-Allow-Origin'
    const env = { [name]: '["https://ui.example"]', REGISTRY_LOG_LEVEL: 'warn' }
    const { stdout } = await runKura(['config'], { env })
    expect(stdout).toMatch(/- https:\/\/ui\.example +# REGISTRY_HTTP_HEADERS_Access-Control/)
    expect(stdout).toMatch(/level: warn +# REGISTRY_LOG_LEVEL/)
  })

  it('is quiet when who reads its output has read enough', async () => {
    const command = new URL('../../bin/kura', import.meta.url).pathname
    const text = await run('sh', ['-c', `("${command}" config | true) 2>&1`])
    expect(text).toBe('')
  })

  it('serves when it is given a file only, as the image of registry:2 does', async () => {
    const folder = await cleanup.folder()
    const file = join(folder, 'config.yml')
    await writeFile(file, 'version: 0.1\nstorage: { filesystem: {} }\nhttp: { addr: ":5000" }\n')
    const kura = await startKura({ args: [file] })
    cleanup.add(kura.stop)
    expect((await send('GET', `${kura.url}/v2/`)).status).toBe(200)
  })

  it('shows what is in force and where it comes from', async () => {
    const { code, stdout } = await runKura(['config'], { env: { REGISTRY_HTTP_ADDR: ':5001' } })
    expect(code).toBe(0)
    expect(stdout).toMatch(/addr: :5001 +# REGISTRY_HTTP_ADDR/)
  })

  it('works through a link in the path', async () => {
    const link = join(await cleanup.folder(), 'kura')
    await run('ln', ['-s', new URL('../../bin/kura', import.meta.url).pathname, link])
    expect(await run(link, ['--version'])).toMatch(/^kura \d/)
  })
})
