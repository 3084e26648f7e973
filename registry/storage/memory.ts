/** Storage in the memory of one process, for tests and for trying things out: gone at exit. */
import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Bytes, Entry, StorageDriver, Version } from './driver.ts'
import type { ChangeableStorage, ReadableStorage } from './fenced.ts'
import type { Placing } from './placing.ts'

/** The driver as an object store, which takes values of fewer than `partSize` bytes in one request. */
export function createInmemoryBucket(partSize: number) {
  const values: Values = new Map()
  return { driver: createDriver(values), placing: createPlacing(values, partSize) }
}

export function createInmemoryDriver(): StorageDriver {
  return createDriver(new Map())
}

type Values = Map<string, { bytes: Buffer; changedAt: Date }>

function store(values: Values, path: string, bytes: Buffer): void {
  values.set(path, { bytes, changedAt: new Date() })
}

function versionAt(values: Values, path: string): Version | undefined {
  const found = values.get(path)
  return found && versionOf(found.bytes)
}

const versionOf = (bytes: Buffer): Version => hash('sha256', bytes)

function createDriver(values: Values): StorageDriver {
  return {
    ...readsOf(values),
    ...changesOf(values),
    async close() {
      values.clear()
    },
  }
}

function readsOf(values: Values): ReadableStorage {
  return {
    async stat(path, { signal } = {}) {
      signal?.throwIfAborted()
      const found = values.get(path)
      return found && { size: found.bytes.length, changedAt: found.changedAt }
    },

    async get(path, { signal } = {}) {
      signal?.throwIfAborted()
      return values.get(path)?.bytes
    },

    async getVersioned(path, { signal } = {}) {
      signal?.throwIfAborted()
      const bytes = values.get(path)?.bytes
      return bytes && { bytes, version: versionOf(bytes) }
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
  }
}

function changesOf(values: Values): ChangeableStorage {
  return {
    async put(path, value, { signal } = {}) {
      signal?.throwIfAborted()
      store(values, path, Buffer.from(value))
    },

    async replace(path, value, { over, signal }) {
      signal?.throwIfAborted()
      const isExpected = versionAt(values, path) === over
      if (isExpected) store(values, path, Buffer.from(value))
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
        store(values, path, Buffer.concat(chunks))
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

    async remove(path, { signal } = {}) {
      signal?.throwIfAborted()
      for (const key of values.keys()) {
        if (key === path || key.startsWith(`${path}/`)) values.delete(key)
      }
    },

    async removeVersion(path, { version, signal }) {
      signal?.throwIfAborted()
      return versionAt(values, path) === version && values.delete(path)
    },

    // No value is ever open for writing here.
    async detach() {},
  }
}

function createPlacing(values: Values, partSize: number): Placing {
  return {
    async place(draft, source, { final, signal }) {
      const chunks: Uint8Array[] = []
      try {
        for await (const chunk of Readable.from(source, { signal })) chunks.push(Buffer.from(chunk))
      } catch (reason) {
        store(values, draft, Buffer.concat(chunks))
        throw reason
      }
      const bytes = Buffer.concat(chunks)
      const path = (bytes.length < partSize ? final() : undefined) ?? draft
      store(values, path, bytes)
      return { path, size: bytes.length }
    },

    async putStream(path, source, { check, signal }) {
      const bytes = Buffer.concat(await Readable.from(source, { signal }).toArray())
      check()
      store(values, path, bytes)
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
