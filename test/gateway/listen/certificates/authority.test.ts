import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { openAuthority } from '../../../../gateway/listen/certificates/authority.ts'
import { givenNames } from '../../../../gateway/listen/certificates/authority-names.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kura-authority-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const day = 24 * 60 * 60 * 1000
const inDays = (days: number) => new Date(Date.now() + days * day)
const read = (name: string) => readFile(join(folder, name), 'utf8')
const certificateIn = async (name: string) => new X509Certificate(await read(name))

/** All files by name. */
async function snapshot(): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort()
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await read(name)])))
}

describe('an authority', () => {
  it('and its certificate are made with keys that only their owner reads', async () => {
    const made = await openAuthority({ folder })
    expect(await readdir(folder)).toEqual(['ca.crt', 'ca.key', 'server.crt', 'server.key'])
    const modes = await Promise.all(
      ['ca.crt', 'ca.key', 'server.crt', 'server.key'].map((name) => stat(join(folder, name))),
    )
    expect(modes.map(({ mode }) => mode & 0o777)).toEqual([0o644, 0o600, 0o644, 0o600])

    const [ca, server] = [await certificateIn('ca.crt'), await certificateIn('server.crt')]
    expect([ca.ca, server.ca]).toEqual([true, false])
    expect(server.checkIssued(ca)).toBe(true)
    expect((ca.validToDate.getTime() - Date.now()) / day).toBeCloseTo(3_650, 0)
    expect((server.validToDate.getTime() - Date.now()) / day).toBeCloseTo(397, 0)
    expect(made.fingerprint).toBe(ca.fingerprint256)
  })

  it('is what openssl holds to be one, strictly', async () => {
    const { authority, certificate } = await openAuthority({ folder })
    const args = [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-CAfile',
      authority,
      certificate,
    ]
    expect((await promisify(execFile)('openssl', args)).stdout).toContain('OK')
  })

  it('vouches for this machine and the names given', async () => {
    const names = ['Registry.Example.', '*.kura.test', '10.1.2.3', '[2001:DB8::0:1]']
    await openAuthority({ folder, names })
    const server = await certificateIn('server.crt')
    for (const host of ['localhost', hostname().toLowerCase(), 'registry.example', 'a.kura.test']) {
      expect(server.checkHost(host)).toBeDefined()
    }
    for (const address of ['127.0.0.1', '::1', '10.1.2.3', '2001:db8::1']) {
      expect(server.checkIP(address)).toBeDefined()
    }
    expect(server.checkHost('elsewhere.test')).toBeUndefined()
  })

  it.each(['https://a', 'a:5000', 'a b', '', '*', 'a.*.b', '1.2.3', 'a/../b', '-a', 'a\n', 'é'])(
    'does not vouch for %j',
    async (name) => {
      await expect(openAuthority({ folder, names: [name] })).rejects.toThrow(
        'is neither a host name nor an address',
      )
      expect(await readdir(folder)).toEqual([])
    },
  )

  it('serves TLS to whoever trusts it', async () => {
    const made = await openAuthority({ folder })
    const server = createServer({ cert: await read('server.crt'), key: await read('server.key') })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const socket = connect({ port, host: '127.0.0.1', ca: await readFile(made.authority) })
    await once(socket, 'secureConnect')
    expect(socket.authorized).toBe(true)
    socket.destroy()
    server.close()
  })

  it.each([
    ['when it is opened again', {}, []],
    ['for fewer names', { names: [] }, []],
    ['when there is time left', { now: inDays(360) }, []],
    ['when it ends soon', { now: inDays(370) }, ['server.crt']],
    ['when it has ended', { now: inDays(500) }, ['server.crt']],
    ['for another name', { names: ['b.test'] }, ['server.crt']],
  ])('%s renews what is due', async (_what, options, expected) => {
    await openAuthority({ folder, names: ['a.test'] })
    const before = await snapshot()
    await openAuthority({ folder, names: ['a.test'], ...options })
    const now = await snapshot()
    expect(Object.keys(now)).toEqual(Object.keys(before))
    expect(Object.keys(now).filter((name) => now[name] !== before[name])).toEqual(expected)
  })

  const again: [what: string, names: string[], options: { now?: Date }][] = [
    ['for another name', ['b.test'], {}],
    ['when it is renewed', [], { now: inDays(370) }],
  ]
  it.each(again)('keeps the names that were given before, %s', async (_what, names, options) => {
    const earlier = ['a.test', '*.c.test', 'localhost', '10.1.2.3', '2001:db8::1']
    await openAuthority({ folder, names: earlier })
    const made = await openAuthority({ folder, names, ...options })
    const server = await certificateIn('server.crt')
    for (const name of ['a.test', 'x.c.test', ...names])
      expect(server.checkHost(name)).toBeDefined()
    for (const address of ['10.1.2.3', '2001:db8::1']) {
      expect(server.checkIP(address)).toBeDefined()
    }
    expect(made.names).toEqual(expect.arrayContaining([...names, ...earlier]))
  })

  it('keeps no name that the machine has by itself, since such names change', async () => {
    await openAuthority({ folder })
    expect(givenNames(await certificateIn('server.crt'))).toEqual([])
  })

  it('never vouches for longer than it lives', async () => {
    await openAuthority({ folder })
    const ca = await certificateIn('ca.crt')
    await openAuthority({ folder, now: inDays(3_600) })
    expect((await certificateIn('server.crt')).validToDate).toEqual(ca.validToDate)
    await expect(openAuthority({ folder, now: inDays(3_640) })).rejects.toThrow(/ca\.crt ends on/)
  })

  it('replaces a certificate that another authority made', async () => {
    await openAuthority({ folder })
    await rm(join(folder, 'ca.crt'))
    await rm(join(folder, 'ca.key'))
    await openAuthority({ folder })
    expect(
      (await certificateIn('server.crt')).verify((await certificateIn('ca.crt')).publicKey),
    ).toBe(true)
  })

  it.each([
    ['ca.key', 'ca.key is empty'],
    ['ca.crt', 'ca.crt is empty'],
    ['server.key', 'server.key is empty'],
  ])('says so when its %s is spoilt, and leaves it', async (name, message) => {
    await openAuthority({ folder })
    await writeFile(join(folder, name), '')
    await expect(openAuthority({ folder })).rejects.toThrow(message)
    expect(await read(name)).toBe('')
  })

  it('is one for all processes that make it at once', async () => {
    const file = fileURLToPath(
      new URL('../../../../gateway/listen/certificates/authority.ts', import.meta.url),
    )
    const script = `import { openAuthority } from ${JSON.stringify(file)}
      const { certificate, key, fingerprint } = await openAuthority({ folder: process.argv[1] })
      const { readFileSync } = await import('node:fs')
      const { X509Certificate, createPrivateKey } = await import('node:crypto')
      const fits = new X509Certificate(readFileSync(certificate)).checkPrivateKey(createPrivateKey(readFileSync(key)))
      process.stdout.write(fingerprint + ' ' + fits)`
    const run = () =>
      promisify(execFile)(process.execPath, [
        '--input-type=module-typescript',
        '-e',
        script,
        folder,
      ])
    const answers = await Promise.all(Array.from({ length: 6 }, run))
    const ca = await certificateIn('ca.crt')
    expect(new Set(answers.map(({ stdout }) => stdout))).toEqual(
      new Set([`${ca.fingerprint256} true`]),
    )
    expect((await certificateIn('server.crt')).verify(ca.publicKey)).toBe(true)
    expect(await readdir(folder)).toHaveLength(4)
  })
})
