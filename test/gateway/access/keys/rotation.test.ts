/** A signing key is replaced when it is old enough, once, and nothing that it signed is lost. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { createTokenIssuer } from '../../../../gateway/access/issue/issue.ts'
import { openSigningKeys } from '../../../../gateway/access/keys/folder-keys.ts'
import { openTrust } from '../../../../gateway/access/keys/trust.ts'
import { createVerifier } from '../../../../gateway/access/verify/verify.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { run } from '../../../support/run.ts'

const cleanup = useCleanup()
const script = join(import.meta.dirname, 'create-key-set.ts')
const node = join(import.meta.dirname, '../../../../node_modules/.bin/node')
const [service, issuer] = ['registry.example', 'https://registry.example']
const day = 86_400_000
const report = () => {}

const open = (folder: string, overlapSeconds = 3600) =>
  openSigningKeys({ folder, overlapSeconds, checkMs: 0, report })

/** A folder whose first key was made that long ago. */
async function agedKeys(ageMs: number, overlapSeconds?: number) {
  const folder = join(await cleanup.folder(), 'keys')
  await open(folder)
  const path = join(folder, 'generation-1.json')
  const createdAt = new Date(Date.now() - ageMs).toISOString()
  const generation = JSON.parse(await readFile(path, 'utf8'))
  await writeFile(path, JSON.stringify({ ...generation, createdAt }))
  return { folder, keys: await open(folder, overlapSeconds) }
}

const rows: [age: number, after: number, generations: number][] = [
  [0, day, 1],
  [day - 60_000, day, 1],
  [day, day, 2],
  [400 * day, day, 2],
  // The clock of whoever made it was ahead.
  [-day, 60_000, 1],
]

describe('a signing key', () => {
  it.each(rows)('that is %i ms old, asked to last %i: %i generations', async (...row) => {
    const [age, after, generations] = row
    const { keys, folder } = await agedKeys(age)
    const { kid } = await keys.signing()
    await keys.rotateAfter(after)
    await keys.rotateAfter(after)
    expect(await readdir(folder)).toHaveLength(generations)
    expect((await keys.signing()).kid === kid).toBe(generations === 1)
  })

  it('is replaced once by processes that all find it too old', async () => {
    const { keys, folder } = await agedKeys(2 * day)
    const { kid } = await keys.signing()
    const found = await Promise.all(
      Array.from({ length: 6 }, () => run(node, [script, folder, '0', String(day)])),
    )
    expect(new Set(found).size).toBe(1)
    expect(found[0]).not.toBe(kid)
    const names = (await readdir(folder)).sort()
    expect(names).toEqual(['generation-1.json', 'generation-2.json'])
  })

  it('that was replaced is published beside the new one, and its tokens stay good', async () => {
    const { keys, folder } = await agedKeys(2 * day)
    const other = await open(folder)
    const trust = await openTrust({ own: other, report, checkMs: 0 })
    const verify = createVerifier({
      authorities: [{ issuer, service, algorithms: ['ES256'], trust }],
      remember: 0,
    })
    const token = () => issue(keys)
    const before = await token()
    await keys.rotateAfter(day)
    const after = await token()
    for (const it of [before, after]) expect(await verify(it)).toMatchObject({ name: 'ann' })
    for (const it of [keys, other]) expect((await it.jwks()).keys).toHaveLength(2)
  })

  it('is no longer published once the last token of it has expired', async () => {
    const { keys } = await agedKeys(2 * day, 0)
    const { kid } = await keys.signing()
    await keys.rotateAfter(day)
    const published = (await keys.jwks()).keys.map((it) => Object(it).kid)
    expect(published).toEqual([(await keys.signing()).kid])
    expect(published).not.toContain(kid)
  })
})

async function issue(keys: Awaited<ReturnType<typeof open>>): Promise<string> {
  const issueToken = createTokenIssuer({ keys, decide: () => ({ allowed: true }) })
  const identity = { name: 'ann', groups: [], method: 'htpasswd' }
  return (await issueToken({ identity, scopes: [], service, issuer, seconds: 60 })).token
}
