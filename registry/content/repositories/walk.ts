/**
 * The names of all repositories, in the order of registry:2: part by part, so that a/b comes before a-b. Every
 * name is one that something lies below.
 */
import { fewAtOnce } from '../../pace/few-at-once.ts'
import type { Call } from '../../storage/driver.ts'
import type { ReadableStorage } from '../../storage/fenced.ts'
import { paths } from '../paths.ts'

type Below = Call & { parent: string; after: string[] }

/** One after the other. With `after`, those that come later than it; the name itself need not exist. */
export function walkFrom(
  storage: ReadableStorage,
  after: string,
  call?: Call,
): AsyncIterable<string> {
  return walkBelow(storage, { parent: '', after: partsOf(after), signal: call?.signal })
}

async function* walkBelow(
  storage: ReadableStorage,
  { parent, after, signal }: Below,
): AsyncIterable<string> {
  const [from = '', ...deeper] = after
  for await (const name of children(storage, parent, { signal })) {
    if (name < from) continue
    const repository = parent ? `${parent}/${name}` : name
    // A repository on the way to `after` comes before it; only those below may come later.
    const onTheWay = name === from
    if (!onTheWay) yield repository
    yield* walkBelow(storage, { parent: repository, after: onTheWay ? deeper : [], signal })
  }
}

/** All together: level by level, many folders at a time. */
export async function walkAll(storage: ReadableStorage): Promise<string[]> {
  const namesIn = async (parent: string) => {
    const found = await Array.fromAsync(children(storage, parent))
    return found.map((name) => (parent ? `${parent}/${name}` : name))
  }
  let names: string[] = []
  let level = await namesIn('')
  while (level.length > 0) {
    names = names.concat(level)
    const deeper = await Array.fromAsync(fewAtOnce(level, namesIn))
    level = deeper.flatMap(([, found]) => found)
  }
  return names.sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1))
}

/** A name that begins with `_` holds what belongs to the repository itself. */
async function* children(storage: ReadableStorage, parent: string, call?: Call) {
  const folder = parent ? paths.repository(parent) : paths.repositories
  for await (const { name, isFolder } of storage.list(folder, call)) {
    if (isFolder && !name.startsWith('_')) yield name
  }
}

/** Compared by it, names are in the order of the walk. */
export function orderOf(name: string): string {
  return partsOf(name).join('\0')
}

const partsOf = (name: string) => name.split('/').filter(Boolean)
