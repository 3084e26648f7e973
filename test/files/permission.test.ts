/** The message about a file or a folder that this user may not use. */
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { runKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { run } from '../support/run.ts'

const module = join(import.meta.dirname, '../../files/permission.ts')

describeWith(['root', 'setpriv'], 'a file that only root may read', () => {
  const cleanup = useCleanup()

  /** Asks as the user 65532, which has no name here. */
  async function explain(path: string, wanted: 'read' | 'write'): Promise<string> {
    const script = `import { explainPermission } from ${JSON.stringify(module)}
      console.log(explainPermission(${JSON.stringify(path)}, '${wanted}'))`
    const as = ['--reuid', '65532', '--regid', '65532', '--clear-groups']
    const node = [process.execPath, '--input-type=module', '--eval', script]
    return (await run('setpriv', [...as, ...node])).trim()
  }

  async function folder(): Promise<string> {
    const path = await cleanup.folder()
    await chmod(path, 0o755)
    return path
  }

  it('is named with its owner and mode, and with the lines that mend it', async () => {
    const key = join(await folder(), 'server.key')
    await writeFile(key, '', { mode: 0o600 })
    expect(await explain(key, 'read')).toBe(
      'this user, 65532, may not read it: the file belongs to 0 (root) with mode 600; ' +
        `"chown 65532 ${key}" mends that, and so does KURA_USER=0:0 for a container`,
    )
  })

  it('is not blamed for a folder above it that is closed', async () => {
    const closed = join(await folder(), 'private')
    await mkdir(join(closed, 'deeper'), { recursive: true })
    await chmod(closed, 0o700)
    const said = await explain(join(closed, 'deeper/server.key'), 'read')
    expect(said).toContain(
      `may not enter it: the folder ${closed} belongs to 0 (root) with mode 700`,
    )
    expect(said).toContain(`"chown 65532 ${closed}" mends that`)
  })

  it('cannot be made in a folder of somebody else', async () => {
    const data = await folder()
    await chown(data, 1234, 1234)
    const said = await explain(join(data, 'images'), 'write')
    expect(said).toContain(`may not write to it: the folder ${data} belongs to 1234 with mode 755`)
  })

  it('stops the start with these words, wherever a setting names it', async () => {
    const place = await folder()
    const key = join(place, 'bundle.pem')
    await writeFile(key, '', { mode: 0o600 })
    const token = {
      realm: 'https://a.example/token',
      service: 's',
      issuer: 'i',
      rootcertbundle: key,
    }
    const config = join(place, 'config.yml')
    const storage = { filesystem: { rootdirectory: join(place, 'data') } }
    await writeFile(
      config,
      JSON.stringify({ version: '0.1', http: { addr: '127.0.0.1:0' }, storage, auth: { token } }),
    )
    await mkdir(join(place, 'data'))
    await chown(join(place, 'data'), 65532, 65532)
    const { stderr, code } = await runKura(['serve', config], { as: 65532 })
    expect(code).toBe(1)
    expect(stderr).toContain(`${key}`)
    expect(stderr).toContain('the file belongs to 0 (root) with mode 600')
  })
})
