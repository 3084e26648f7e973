/** A download that waits in a file of this machine until the storage takes it. */
import { open, readdir, readlink } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { expect, it } from '@jest/globals'
import { createLocalDrafts } from '../../mirror/blobs/local-draft.ts'
import { createInProcessLeases } from '../../registry/leases/in-process.ts'
import { parseDigest } from '../../registry/protocol/digest.ts'
import { createFilesystemDriver } from '../../registry/storage/filesystem/driver.ts'
import type { Uploads } from '../../registry/uploads/rules.ts'
import { useCleanup } from '../support/cleanup.ts'
import { digestOf } from '../support/image.ts'

const cleanup = useCleanup()
const bytes = Buffer.from('a layer')

it('leaves no file open when the storage refuses it before it reads any', async () => {
  const root = await cleanup.folder()
  const refused = new Error('the bucket does not answer')
  const take = () => Promise.reject(refused)
  const uploads = { take } as Partial<Uploads> as Uploads
  const local = createFilesystemDriver({ root })
  const digest = parseDigest(digestOf(bytes))
  const draft = createLocalDrafts({ local, uploads })({ repository: 'up/app', digest, id: 'one' })
  await createInProcessLeases().hold('one', 'unavailable', (lease) =>
    draft.add(Readable.from([bytes]), {
      ...{ generation: 'first', at: 0, size: bytes.length, lease },
      signal: new AbortController().signal,
    }),
  )

  await expect(draft.publish('first')).rejects.toBe(refused)
  expect(await openUnder(root)).toEqual([])

  // The question itself finds what is open.
  const kept = await open(`${root}/one/first`)
  expect(await openUnder(root)).toHaveLength(1)
  await kept.close()
})

/** The files below `folder` that this process has open. */
async function openUnder(folder: string): Promise<string[]> {
  const numbers = await readdir('/proc/self/fd')
  const paths = await Promise.all(
    numbers.map((it) => readlink(`/proc/self/fd/${it}`).catch(() => '')),
  )
  return paths.filter((path) => path.startsWith(`${folder}/`))
}
