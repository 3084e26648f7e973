/** Storage in the memory of one process, for tests and for trying things out: gone at exit. */
import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Bytes, Entry, StorageDriver } from './driver.ts'
import type { Placing } from './placing.ts'

/** The driver as an object store, which takes values of fewer than `partSize` bytes in one request. */
export function createInmemoryBucket(partSize: number) {
  const { driver, store } = createStorage()
  return { driver, placing: createPlacing(store, partSize) }
}

export function createInmemoryDriver(): StorageDriver {
  return createStorage().driver
}

function createStorage() {
  const values = new Map<string, { bytes: Buffer; changedAt: Date }>()
  const store = (path: string, bytes: Buffer) => values.set(path, { bytes, changedAt: new Date() })

  const versionOf = (bytes: Buffer) => hash('sha256', bytes)
  const currentVersion = (path: string) => {
    const found = values.get(path)
    return found && versionOf(found.bytes)
  }

  const driver: StorageDriver = {
    name: 'inmemory',

    async stat(path, { signal } = {}) {
      signal?.throwIfAborted()
      const found = values.get(path)
      return found && { size: found.bytes.length, changedAt: found.changedAt }
    },

    async get(path, { signal } = {}) {
      signal?.throwIfAborted()
      return values.get(path)?.bytes
    },

    async read(path, { range, signal } = {}) {
      signal?.throwIfAborted()
      const bytes = values.get(path)?.bytes
      return bytes && slices(range ? bytes.subarray(range.first, range.last + 1) : bytes, signal)
    },

    async open(path, { signal } = {}) {
      signal?.throwIfAborted()
      const found = values.get(path)
      if (!found) return undefined
      const { bytes, changedAt } = found
      return { size: bytes.length, changedAt, bytes: slices(bytes, signal), giveUp() {} }
    },

    async put(path, value, { signal } = {}) {
      signal?.throwIfAborted()
      store(path, Buffer.from(value))
    },

    async getVersioned(path, { signal } = {}) {
      signal?.throwIfAborted()
      const bytes = values.get(path)?.bytes
      return bytes && { bytes, version: versionOf(bytes) }
    },

    async replace(path, value, { over, signal }) {
      signal?.throwIfAborted()
      const isExpected = currentVersion(path) === over
      if (isExpected) store(path, Buffer.from(value))
      return isExpected
    },

    async append(path, source, { at, signal }) {
      const before = values.get(path)?.bytes ?? Buffer.alloc(0)
      if (before.length !== at) {
        throw new Error(`${path} has ${before.length} bytes where ${at} were expected`)
      }
      const chunks: Uint8Array[] = [before]
      try {
        for await (const chunk of Readable.from(source, { signal })) chunks.push(chunk)
      } finally {
        store(path, Buffer.concat(chunks))
      }
      return values.get(path)?.bytes.length ?? 0
    },

    async move(from, to, { signal } = {}) {
      signal?.throwIfAborted()
      const found = values.get(from)
      if (!found) throw new Error(`there is no value at ${from}`)
      values.set(to, found)
      values.delete(from)
    },

    async *list(folder, { after = '', signal } = {}) {
      signal?.throwIfAborted()
      const children = new Map<string, Entry>()
      for (const path of values.keys()) {
        if (!path.startsWith(`${folder}/`)) continue
        const [name = '', ...deeper] = path.slice(folder.length + 1).split('/')
        if (name > after) children.set(name, { name, isFolder: deeper.length > 0 })
      }
      yield* [...children.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    },

    async remove(path, { signal } = {}) {
      signal?.throwIfAborted()
      for (const key of values.keys()) {
        if (key === path || key.startsWith(`${path}/`)) values.delete(key)
      }
    },

    async removeVersion(path, { version, signal }) {
      signal?.throwIfAborted()
      return currentVersion(path) === version && values.delete(path)
    },

    // No value is ever open for writing here.
    async detach() {},

    async close() {
      values.clear()
    },
  }
  return { driver, store }
}

type Store = (path: string, bytes: Buffer) => unknown

function createPlacing(store: Store, partSize: number): Placing {
  return {
    async place(draft, source, { final, signal }) {
      const chunks: Uint8Array[] = []
      try {
        for await (const chunk of Readable.from(source, { signal })) chunks.push(Buffer.from(chunk))
      } catch (reason) {
        store(draft, Buffer.concat(chunks))
        throw reason
      }
      const bytes = Buffer.concat(chunks)
      const path = (bytes.length < partSize ? final() : undefined) ?? draft
      store(path, bytes)
      return { path, size: bytes.length }
    },

    async putStream(path, source, { check, signal }) {
      const bytes = Buffer.concat(await Readable.from(source, { signal }).toArray())
      check()
      store(path, bytes)
      return bytes.length
    },
  }
}

/** Readers get chunks, never one huge buffer, as from any other driver. */
async function* slices(bytes: Buffer, signal: AbortSignal | undefined): Bytes {
  const size = 64 * 1024
  for (let at = 0; at < bytes.length; at += size) {
    signal?.throwIfAborted()
    yield bytes.subarray(at, at + size)
  }
}
