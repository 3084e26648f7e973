/** Holds a registry to what it acknowledged, and its folder to what it promises of itself. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { send } from '../support/http.ts'
import { digestOf } from '../support/image.ts'
import { pullImage } from '../support/push.ts'
import type { Ledger } from './ledger.ts'

type Registry = { url: string; root: string }

/** Answers everything that is wrong, in words. */
export async function findLosses({ url, root }: Registry, ledger: Ledger): Promise<string[]> {
  const losses = await findBrokenTags(url, ledger)
  const blobs = digestsIn('blobs', ledger.blobs)
  const manifests = digestsIn('manifests', ledger.manifests)
  for (const { path, digest } of [...blobs, ...manifests]) {
    const check = comesWhole(`${url}/v2/${path}`, digest)
    await check.catch((error) => losses.push(`acknowledged ${path}: ${error}`))
  }
  for (const path of await findDamaged(root)) losses.push(`${path} is not what its name says`)
  return losses
}

/** Tags that are gone, or name the wrong thing, or something that is not whole. */
export async function findBrokenTags(url: string, ledger: Ledger): Promise<string[]> {
  const losses: string[] = []
  /** The digest that each listed tag names, by `<repository>:<tag>`. */
  const found = new Map<string, string>()
  const lookAt = async (repository: string) => {
    for (const tag of await listed(`${url}/v2/${repository}/tags/list`, 'tags')) {
      const name = `${repository}:${tag}`
      const check = pullImage({ url, repository }, tag).then((digest) => found.set(name, digest))
      await check.catch((error) => losses.push(`listed tag ${name}: ${error}`))
    }
  }
  await Promise.all((await listed(`${url}/v2/_catalog`, 'repositories')).map(lookAt))
  for (const { repository, tag, allowed } of ledger.acknowledgedTags()) {
    const digest = found.get(`${repository}:${tag}`) ?? 'nothing'
    if (allowed.includes(digest)) continue
    const wanted = allowed.join(' or ')
    losses.push(`acknowledged tag ${repository}:${tag}: it names ${digest}, not ${wanted}`)
  }
  return losses
}

function digestsIn(kind: string, known: ReadonlyMap<string, ReadonlySet<string>>) {
  return [...known].flatMap(([repository, digests]) =>
    [...digests].map((digest) => ({ path: `${repository}/${kind}/${digest}`, digest })),
  )
}

async function comesWhole(target: string, digest: string): Promise<void> {
  const { status, body } = await send('GET', target)
  if (status !== 200) throw new Error(`${status} ${body}`)
  if (digestOf(body) !== digest) throw new Error('it has other bytes')
}

async function listed(target: string, key: string): Promise<string[]> {
  const { status, body } = await send('GET', target)
  if (status !== 200) throw new Error(`${target}: ${status} ${body}`)
  return JSON.parse(body.toString())[key]
}

/** Every file that lies under a digest has it, whether or not anything links to it. */
async function findDamaged(root: string): Promise<string[]> {
  const folder = join(root, 'docker/registry/v2/blobs/sha256')
  const damaged: string[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name !== 'data') continue
    const hash = createHash('sha256')
    const path = join(entry.parentPath, entry.name)
    await pipeline(createReadStream(path), hash)
    if (!entry.parentPath.endsWith(hash.digest('hex'))) damaged.push(path)
  }
  return damaged
}
