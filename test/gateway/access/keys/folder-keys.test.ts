import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { calculateJwkThumbprint } from 'jose'
import { openSigningKeys } from '../../../../gateway/access/keys/folder-keys.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { run } from '../../../support/run.ts'

const cleanup = useCleanup()
const script = join(import.meta.dirname, 'create-key-set.ts')
const node = join(import.meta.dirname, '../../../../node_modules/.bin/node')

async function open(options: { folder?: string; overlapSeconds?: number } = {}) {
  const folder = options.folder ?? join(await cleanup.folder(), 'tokens/keys')
  const reports: unknown[] = []
  const keys = await openSigningKeys({
    overlapSeconds: 3600,
    checkMs: 0,
    report: (error) => reports.push(error),
    ...options,
    folder,
  })
  return { keys, folder, reports }
}

const kids = async ({ verifying }: Awaited<ReturnType<typeof openSigningKeys>>) =>
  (await verifying()).map(({ kid }) => kid)

describe('the signing keys', () => {
  it('are made once and found again', async () => {
    const { keys, folder } = await open()
    const again = await open({ folder })
    expect((await again.keys.signing()).kid).toBe((await keys.signing()).kid)
  })

  it('are readable by their owner alone, and nothing else is left beside them', async () => {
    const { folder } = await open()
    const names = await readdir(folder)
    expect(names).toEqual(['generation-1.json'])
    expect((await stat(join(folder, 'generation-1.json'))).mode & 0o777).toBe(0o600)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
  })

  it('are published without their secret, under their thumbprint', async () => {
    const { keys } = await open()
    const { keys: found } = await keys.jwks()
    const [key] = found
    expect(Object.keys(key ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
    const kid = await calculateJwkThumbprint({ kty: 'EC', crv: 'P-256', x: key?.x, y: key?.y })
    expect(key).toMatchObject({ kid })
  })

  it('are the same for processes that start at once', async () => {
    const folder = join(await cleanup.folder(), 'keys')
    const starts = Array.from({ length: 6 }, () => run(node, [script, folder]))
    const found = new Set(await Promise.all(starts))
    expect(found.size).toBe(1)
    expect(await readdir(folder)).toEqual(['generation-1.json'])
  })

  it('are rotated by several processes at once without losing any', async () => {
    const { keys, folder } = await open()
    const first = (await keys.signing()).kid
    const found = await Promise.all(
      Array.from({ length: 4 }, () => run(node, [script, folder, '3'])),
    )
    const known = await kids(keys)
    expect(known).toEqual(expect.arrayContaining([first, ...found]))
    expect((await keys.signing()).kid).toBe(known[0])
    expect((await readdir(folder)).length).toBeLessThanOrEqual(3)
  })

  it('sign with the new one after a rotation, and still verify with the old', async () => {
    const { keys, folder } = await open()
    const other = await open({ folder })
    const before = (await keys.signing()).kid
    await keys.rotateAfter(0)
    const after = (await keys.signing()).kid
    expect(after).not.toBe(before)
    expect(await kids(keys)).toEqual([after, before])
    expect((await other.keys.signing()).kid).toBe(after)
    expect(await kids(other.keys)).toEqual([after, before])
  })

  it('forget an old one when its last token has expired', async () => {
    const { keys } = await open({ overlapSeconds: 0 })
    await keys.rotateAfter(0)
    expect(await kids(keys)).toEqual([(await keys.signing()).kid])
  })

  it('keep no secret of an old one', async () => {
    const { keys, folder } = await open()
    await keys.rotateAfter(0)
    const text = await readFile(join(folder, 'generation-2.json'), 'utf8')
    expect(text.match(/"d":/g)).toHaveLength(1)
  })

  it.each(['', '{}', 'no json: secret-text', '{"current":{"kty":"oct"}}'])(
    'are not replaced when the file says %p, and the error quotes none of it',
    async (text) => {
      const { keys, folder, reports } = await open()
      const { kid } = await keys.signing()
      await writeFile(join(folder, 'generation-2.json'), text)
      await expect(open({ folder })).rejects.toThrow('generation-2.json holds no signing key')
      expect((await keys.signing()).kid).toBe(kid)
      expect(String(reports[0])).toMatch(/holds no signing key/)
      expect(String(reports[0])).not.toMatch(/secret-text/)
    },
  )
})
