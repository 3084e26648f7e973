import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { certCommand } from '../../cli/cert.ts'
import { runKura } from '../support/kura.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'kura-cert-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

async function run(...args: string[]): Promise<string> {
  let printed = ''
  const command = certCommand((text) => {
    printed += text
  }).exitOverride()
  command.configureOutput({ writeErr: () => {} })
  await command.parseAsync(args, { from: 'user' })
  return printed
}

describe('kura cert', () => {
  it('says where each client wants the authority', async () => {
    const folder = join(home, 'a')
    const printed = await run('registry.test', '10.0.0.9', '--folder', folder)
    expect(printed).toContain('The certificate is for registry.test, 10.0.0.9, localhost')
    expect(printed).toContain(`export REGISTRY_HTTP_TLS_CERTIFICATE=${folder}/server.crt`)
    expect(printed).toContain(`export REGISTRY_HTTP_TLS_KEY=${folder}/server.key`)
    for (const place of ['docker', 'containers', 'containerd']) {
      const target = `/etc/${place}/certs.d/registry.test:5000`
      expect(printed).toContain(
        `  sudo mkdir -p ${target}\n  sudo cp ${folder}/ca.crt ${target}/ca.crt`,
      )
    }
    for (const place of ['/usr/local/share/ca-certificates', '/etc/pki/ca-trust/source/anchors']) {
      expect(printed).toContain(`  sudo cp ${folder}/ca.crt ${place}/registry.test-5000.crt\n`)
    }
    expect(printed).toContain('[host."https://registry.test:5000"]\n  ca = "/etc/containerd')
    expect(await readdir(folder)).toContain('ca.key')
  })

  it.each([
    [['a.test', '--port', '443'], '/etc/docker/certs.d/a.test\n'],
    [['fd00::9'], "'/etc/docker/certs.d/[fd00::9]:5000'\n"],
    [['localhost'], '/etc/docker/certs.d/localhost:5000\n'],
    [['*.a.test', 'b.test'], '/etc/docker/certs.d/b.test:5000\n'],
    [['*.a.test'], `/etc/docker/certs.d/${hostname()}:5000\n`],
    [[], `/etc/docker/certs.d/${hostname()}:5000\n`],
  ])('called with %j names the folder %s', async (args, place) => {
    const folder = await mkdtemp(join(home, 'b-'))
    expect(await run(...args, '--folder', folder)).toContain(`sudo mkdir -p ${place}`)
  })

  it('says that its lines end the login of a first start, or how that goes on', async () => {
    const cwd = await mkdtemp(join(home, 'd-'))
    const before = await runKura(['cert'], { cwd })
    expect(before.stdout).toContain('Until auth.htpasswd is set,\neverybody gets in')
    const file = join(cwd, 'data/kura/htpasswd')
    await mkdir(join(cwd, 'data/kura'), { recursive: true })
    await writeFile(file, '')
    const after = await runKura(['cert'], { cwd })
    expect(after.stdout).toContain(`  export REGISTRY_AUTH_HTPASSWD_PATH=${file}\n`)
  })

  it('called again without names goes on with those it was given', async () => {
    const folder = join(home, 'again')
    await run('a.test', '--folder', folder)
    const printed = await run('--folder', folder)
    expect(printed).toContain('The certificate is for a.test, localhost')
    expect(printed).toContain('sudo mkdir -p /etc/docker/certs.d/a.test:5000\n')
  })

  it('prints commands that a shell takes, whatever the folder is called', async () => {
    const folder = join(home, "it's a $folder")
    const printed = await run('--folder', folder)
    const exported = printed.split('\n').filter((line) => line.startsWith('  export'))
    const script = `${exported.join('\n')}\ncat "$REGISTRY_HTTP_TLS_CERTIFICATE"`
    const { stdout } = await promisify(execFile)('sh', ['-c', script])
    expect(stdout).toBe(await readFile(join(folder, 'server.crt'), 'utf8'))
  })

  it.each([
    [['--port', '0'], 'from 1 to 65535'],
    [['--port', '80a'], 'from 1 to 65535'],
    [['https://a'], 'is neither a host name nor an address'],
  ])('refuses %j', async (args, message) => {
    await expect(run(...args, '--folder', join(home, 'c'))).rejects.toThrow(message)
  })
})
