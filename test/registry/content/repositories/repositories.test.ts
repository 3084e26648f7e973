/** The list for a user who does not see every repository, and its cost. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { paths } from '../../../../registry/content/paths.ts'
import { createRepositories } from '../../../../registry/content/repositories/repositories.ts'
import type { StorageDriver } from '../../../../registry/storage/driver.ts'
import { createInmemoryDriver } from '../../../../registry/storage/memory.ts'

const part = fc.constantFrom('a', 'a-b', 'a.b', 'a0', 'b', 'team', 'x_y')
const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))

async function open(names: string[]) {
  const stored = createInmemoryDriver()
  const listed: string[] = []
  const storage: StorageDriver = {
    ...stored,
    list(folder, call) {
      listed.push(folder)
      return stored.list(folder, call)
    },
  }
  for (const it of names) await stored.put(`${paths.manifests(it)}/revisions/x`, Buffer.from('x'))
  return { repositories: createRepositories(storage), storage, listed }
}

describe('the repositories that someone sees', () => {
  it('are those of all, in the same order, from any place on', async () => {
    const asked = fc.tuple(fc.array(name), fc.array(name), fc.option(name, { nil: '' }))
    await fc.assert(
      fc.asyncProperty(asked, async ([names, hidden, after]) => {
        const { repositories } = await open(names)
        const isVisible = (it: string) => !hidden.includes(it)
        const all = await Array.fromAsync(repositories.list({ after }))
        const seen = await Array.fromAsync(repositories.listVisible(isVisible, { after }))
        expect(seen).toEqual(all.filter(isVisible))
      }),
    )
  })

  it('cost the same wherever the others are', async () => {
    const hidden = Array.from({ length: 300 }, (_, nr) => `m/secret-${nr}`)
    const { repositories, listed } = await open(['a', 'z', ...hidden])
    const isVisible = (it: string) => !it.startsWith('m')
    const costOf = async (after: string, expected: string) => {
      listed.length = 0
      for await (const found of repositories.listVisible(isVisible, { after })) {
        expect(found).toBe(expected)
        break
      }
      return listed.length
    }
    // One name is visible after each, and all that is hidden after the first of them alone.
    expect(await costOf('m/secret-0', 'z')).toBe(await costOf('m/secret-99', 'z'))
    expect(await costOf('a', 'z')).toBe(await costOf('y', 'z'))
  })

  it('are asked of storage anew by each, and together by those who ask at the same time', async () => {
    const { repositories, storage, listed } = await open(['a', 'b'])
    const list = () => Array.fromAsync(repositories.listVisible(() => true))
    await Promise.all(Array.from({ length: 20 }, list))
    const walks = listed.filter((folder) => folder === paths.repositories).length
    expect(walks).toBeLessThanOrEqual(2)
    await storage.put(`${paths.manifests('c')}/revisions/x`, Buffer.from('x'))
    expect(await list()).toEqual(['a', 'b', 'c'])
  })
})
