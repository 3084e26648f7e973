import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { readAtMost } from '../../files/bounded.ts'
import { useCleanup } from '../support/cleanup.ts'

const cleanup = useCleanup()

it.each([0, 1, 70_000])(
  'a file of %d bytes is read as long as it may have so many',
  async (size) => {
    const path = join(await cleanup.folder(), 'file')
    const bytes = Buffer.alloc(size, 'kura')
    await writeFile(path, bytes)
    expect((await readAtMost(path, size)).equals(bytes)).toBe(true)
    if (size > 0) {
      await expect(readAtMost(path, size - 1)).rejects.toMatchObject({ code: 'EFBIG' })
    }
  },
)

it('what has no end is not read to its end', async () => {
  await expect(readAtMost('/dev/zero', 1000)).rejects.toThrow('more than 1000 bytes')
})

it('what cannot be read is told as ever', async () => {
  const folder = await cleanup.folder()
  await expect(readAtMost(folder, 1)).rejects.toMatchObject({ code: 'EISDIR' })
  await expect(readAtMost(join(folder, 'x'), 1)).rejects.toMatchObject({ code: 'ENOENT' })
})
