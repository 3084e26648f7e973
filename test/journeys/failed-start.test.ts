/** The mistakes of a newcomer: each ends the start with one message that says what to change. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { runKura, startKura } from '../support/kura.ts'
import { findFreePort } from '../support/ports.ts'
import { describeWith } from '../support/programs.ts'
import { run } from '../support/run.ts'

const folderSetting = 'REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY'

describe('a start that cannot succeed', () => {
  const cleanup = useCleanup()
  let folder: string
  let port: number

  beforeAll(async () => {
    folder = await cleanup.folder()
    port = await findFreePort()
  })

  /** Answers the only message. */
  async function failToStart(env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runKura(['serve', ...args], {
      cwd: folder,
      env: {
        REGISTRY_HTTP_ADDR: `127.0.0.1:${port}`,
        [folderSetting]: join(folder, 'data'),
        ...env,
      },
    })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).not.toMatch(/^\s+at /m)
    // One message; what it lists is indented below it.
    expect(stderr.match(/^\S.*$/gm)).toHaveLength(1)
    return stderr
  }

  it('names the folder that holds something else, and the setting', async () => {
    const root = join(folder, 'photos')
    await mkdir(root)
    await writeFile(join(root, 'cat.jpg'), '')
    const message = await failToStart({ [folderSetting]: root })
    expect(message).toContain(root)
    expect(message).toContain('cat.jpg')
    expect(message).toContain(folderSetting)
  })

  it('names the folder that cannot be one, and the setting', async () => {
    await writeFile(join(folder, 'file'), '')
    const root = join(folder, 'file/data')
    const message = await failToStart({ [folderSetting]: root })
    expect(message).toContain(`${root} cannot be used: a part of the path is a file`)
    expect(message).toContain(folderSetting)
  })

  describeWith(['linux', 'root'], 'on a disk that may only be read', () => {
    const mounts = useCleanup()

    it('names the folder that cannot be written, and the setting', async () => {
      const root = join(await mounts.folder(), 'disk')
      await mkdir(root)
      await run('mount', ['-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', root])
      mounts.add(() => run('umount', [root]))
      const message = await failToStart({ [folderSetting]: root })
      expect(message).toContain(`${root} cannot be used: it is on a read-only file system`)
      expect(message).toContain(folderSetting)
    })
  })

  it('says that the port is taken, and the setting', async () => {
    const kura = await startKura()
    cleanup.add(kura.stop)
    const message = await failToStart({ REGISTRY_HTTP_ADDR: kura.host })
    expect(message).toContain(
      `cannot listen on ${kura.host}: another program listens there already`,
    )
    expect(message).toContain('REGISTRY_HTTP_ADDR')
  })

  it('names key, line and what is allowed when the file is wrong', async () => {
    const file = join(folder, 'wrong.yml')
    const text = 'version: 0.1\nlog:\n  level: loud\nstorage: { filesystem: {} }\n'
    await writeFile(file, text)
    const message = await failToStart({}, file)
    expect(message).toContain('log.level')
    expect(message).toContain(`${file}:3`)
    expect(message).toContain('loud')
  })

  it('names the line at which the file is no YAML', async () => {
    const file = join(folder, 'broken.yml')
    await writeFile(file, 'version: 0.1\nstorage: { filesystem: {} }\nhttp: [\n')
    expect(await failToStart({}, file)).toMatch(/broken\.yml:[34]:\d+: this is not valid YAML/)
  })

  it('names a file that is not there', async () => {
    expect(await failToStart({}, 'missing.yml')).toContain('missing.yml: there is no such file')
  })

  it('does not let everyone in who merely sends a header', async () => {
    const message = await failToStart({ REGISTRY_AUTH: '{silly: {realm: a, service: b}}' })
    expect(message).toContain('auth.silly is not supported yet')
    expect(message).toContain('everyone would be let in')
  })

  it('does not send clients to an HTTPS that is not there', async () => {
    const message = await failToStart({ REGISTRY_KURA_REDIRECT: '127.0.0.1:0' })
    expect(message).toContain('set http.tls too')
  })
})
