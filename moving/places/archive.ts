/** An OCI layout in one file, a tar: unpacked before it is read, and packed once it is whole. */
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract, pack } from 'tar-stream'
import { flushFile, flushFolder } from '../../files/flush.ts'
import { openLayoutDestination } from './layout-destination.ts'
import { openLayoutSource } from './layout-source.ts'
import type { Call, Destination, Source } from './place.ts'

/** The names that are unpacked; whatever else is in the file stays there. */
const wanted = /^(?:\.\/)?(oci-layout|index\.json|blobs\/sha(?:256|512)\/[0-9a-f]{64,128})$/

export async function openArchiveSource(path: string, call: Call): Promise<Source> {
  // Beside the file, where there was room for as much already.
  const folder = await mkdtemp(`${path}.unpacked-`)
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    await unpack(path, folder, call)
    return { ...(await openLayoutSource(folder, `oci-archive:${path}`)), close: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function unpack(path: string, folder: string, { signal }: Call): Promise<void> {
  const entries = extract()
  const file = createReadStream(path)
  const fed = (await isGzip(path))
    ? pipeline(file, createGunzip(), entries, { signal })
    : pipeline(file, entries, { signal })
  fed.catch(() => {})
  for await (const entry of entries) {
    const name = wanted.exec(entry.header.name)?.[1]
    if (name === undefined || entry.header.type !== 'file') entry.resume()
    else {
      const target = join(folder, name)
      await mkdir(dirname(target), { recursive: true })
      await pipeline(entry, createWriteStream(target))
    }
  }
  await fed
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}

/** What a try that was broken off has brought is in the folder `<path>.partial`, and the next one goes on from there. */
export async function openArchiveDestination(path: string): Promise<Destination> {
  const folder = `${path}.partial`
  await mkdir(folder, { recursive: true })
  const layout = await openLayoutDestination(folder, `oci-archive:${path}`)
  return {
    ...layout,
    async finish(call) {
      await packFolder(folder, path, call)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function packFolder(folder: string, path: string, { signal }: Call): Promise<void> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = names
    .filter((it) => it.isFile())
    .map((it) => join(it.parentPath, it.name))
    .sort()
  const archive = pack()
  const draft = `${path}.tmp`
  const written = pipeline(archive, createWriteStream(draft), { signal })
  written.catch(() => {})
  for (const file of files) {
    const { size } = await stat(file)
    const entry = archive.entry({
      name: file.slice(folder.length + 1),
      size,
      mode: 0o644,
      mtime: new Date(0),
    })
    await pipeline(createReadStream(file), entry, { signal })
  }
  archive.finalize()
  await written
  await flushFile(draft)
  await rename(draft, path)
  await flushFolder(dirname(path))
}
